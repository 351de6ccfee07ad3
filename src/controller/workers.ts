import { HAError, isHAError } from '../api/errors.ts';
import type { ApiRequest, Driver, Steps, StepsEnd } from '../kube/api-request.ts';
import { endpointSlices } from '../kube/resources.ts';
import type { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Outcome } from './reconcile/reconcile.ts';

/** Name in metrics. */
export const controller = 'haservice';
/**
 * How long a failover waits for a write of its own resource that is no part of the failover. Milliseconds. A write usually takes a few of
 * them; one that takes longer than this is likely to wait for an admission webhook, for up to ten seconds.
 */
const patienceMs = 200;
/**
 * Twice as long for each time that it was given up in a row without any step of a failover: a service without a primary needs its pods,
 * too, and its members may change all the time. Up to longer than any call takes.
 */
const mostDoublings = 6;

export interface WorkersOptions {
  clock: Clock;
  drive: Driver;
  /** As Reconciler's. */
  reconcile: (key: string) => Steps<Outcome>;
  /** Gets each resource that is to be reconciled again. */
  queue: Pick<WorkQueue, 'add' | 'addAfter' | 'addRateLimited' | 'forget'>;
  log: Log;
  metrics: Pick<Metrics, 'reconcileStarted' | 'reconcileEnded'>;
}

interface Running {
  stop: AbortController;
  /** The request whose answer the reconcile waits for. */
  pending: ApiRequest | undefined;
  /** It has committed a step of a failover. */
  hasCommitted: boolean;
  /** Stops the wait of `preempt`. */
  cancel?: () => void;
}

/** Runs reconciles, each for one key of the queue. A reconcile may be given up at any request: the next one continues from what was written. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #running = new Map<string, Running>();
  /** How often the reconciles of a resource were given up in a row. */
  readonly #givenUp = new Map<string, number>();
  #isStopped = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Reconciles a resource, which must not be running. `done` is called once, never during the call itself. */
  run(key: string, done: () => void): void {
    const { clock, drive, metrics, reconcile } = this.#options;
    const startedAt = clock.now();
    metrics.reconcileStarted(controller);
    const running: Running = {
      stop: new AbortController(),
      pending: undefined,
      hasCommitted: false,
    };
    this.#running.set(key, running);
    const note = (request: ApiRequest | undefined) => {
      running.pending = request;
      if (request?.verb === 'replaceStatus') running.hasCommitted = true;
    };
    drive(noted(reconcile(key), note), running.stop.signal, (end) => {
      running.cancel?.();
      this.#running.delete(key);
      this.#count(key, running, end);
      metrics.reconcileEnded(controller, this.#ended(key, end), clock.now() - startedAt);
      done();
    });
  }

  /**
   * A failover of this resource is due while a reconcile of it runs. If that waits for a write that is no part of a failover, the wait
   * is given up after 200 ms, or later (see mostDoublings): the reconcile then ends with HA_ERR_PREEMPTED. The write may still be done, as after a timeout.
   */
  preempt(key: string): void {
    const running = this.#running.get(key);
    const request = running?.pending;
    if (running === undefined || running.cancel !== undefined) return;
    const doublings = running.hasCommitted ? 0 : (this.#givenUp.get(key) ?? 0);
    const waitMs = patienceMs * 2 ** Math.min(doublings, mostDoublings);
    running.cancel = this.#options.clock.after(waitMs, () => {
      delete running.cancel;
      // What follows such a request may take long, too, and nobody needs to tell of the failover again.
      if (request === undefined || running.pending !== request || !mayBeGivenUp(request)) {
        return this.preempt(key);
      }
      const what = 'object' in request ? (request.object.metadata?.name ?? '') : request.verb;
      running.stop.abort(new HAError('HA_ERR_PREEMPTED', `${key}: ${what}`));
    });
  }

  /** Gives up every reconcile. */
  stop(): void {
    this.#isStopped = true;
    for (const { stop } of this.#running.values()) stop.abort();
  }

  #count(key: string, { hasCommitted }: Running, end: StepsEnd<Outcome>): void {
    const isGivenUp = 'error' in end && isHAError(end.error, 'HA_ERR_PREEMPTED');
    if (!isGivenUp) this.#givenUp.delete(key);
    else this.#givenUp.set(key, hasCommitted ? 1 : (this.#givenUp.get(key) ?? 0) + 1);
  }

  /** Sees to the next reconcile of the resource. @returns the result, as controller-runtime calls it. */
  #ended(key: string, end: StepsEnd<Outcome>): 'success' | 'error' | 'requeue' | 'requeue_after' {
    const { queue, log } = this.#options;
    if ('error' in end) {
      const { error } = end;
      if (isHAError(error, 'HA_ERR_PREEMPTED')) {
        log.info({ resource: key, error }, 'a failover goes first');
        queue.add(key);
        return 'requeue';
      }
      if (!this.#isStopped) {
        log.error({ resource: key, error }, 'could not reconcile');
        queue.addRateLimited(key);
      }
      return 'error';
    }
    const { failed, requeueAfterMs } = end.value;
    if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
    if (failed) queue.addRateLimited(key);
    else queue.forget(key);
    return failed ? 'requeue' : requeueAfterMs === undefined ? 'success' : 'requeue_after';
  }
}

/**
 * Writes of status and endpoints are the failover itself. An eviction is the kill of an experiment, which is counted by its answer; of a kill by
 * deletion that is given up the end of the pod tells if it was done.
 */
function mayBeGivenUp(request: ApiRequest): boolean {
  switch (request.verb) {
    case 'create':
    case 'apply':
    case 'mergePatch':
    case 'delete':
      return request.type.kind !== endpointSlices.kind;
    case 'ping':
    case 'reset':
    case 'get':
    case 'replaceStatus':
    case 'evict':
      return false;
  }
}

/** The same steps; `note` is told each request, and when its answer has come. */
function* noted<T>(steps: Steps<T>, note: (request: ApiRequest | undefined) => void): Steps<T> {
  let next = steps.next();
  while (next.done !== true) {
    note(next.value);
    let answer: unknown;
    try {
      answer = yield next.value;
    } catch (error) {
      note(undefined);
      next = steps.throw(error);
      continue;
    }
    note(undefined);
    next = steps.next(answer);
  }
  return next.value;
}
