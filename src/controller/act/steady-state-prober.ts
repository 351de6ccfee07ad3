import type { SteadyState } from '../../api/chaos-spec.ts';
import type { SteadyStateRequest } from './steady-state-request.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';

/** Sends the request, and calls `done` once with what is wrong with the answer; never during the call itself. */
export type AskSteadyState = (
  request: SteadyStateRequest,
  signal: AbortSignal,
  done: (problem: string | undefined) => void,
) => void;

export interface SteadyStateProberOptions {
  clock: Clock;
  stores: Pick<Stores, 'services'>;
  ask: AskSteadyState;
  /** An answer is there: reconcile the resource again. */
  onEnd: (key: string) => void;
}

/** Sends the request of `chaos.steadyState` outside of the reconcile loop: one at a time for each resource. */
export class SteadyStateProber {
  readonly #options: SteadyStateProberOptions;
  readonly #running = new WeakSet<ReconcileState>();

  constructor(options: SteadyStateProberOptions) {
    this.#options = options;
  }

  /** Returns at once; `state.steadyStateProbe` has the answer when it is there. Never throws. */
  start(key: string, state: ReconcileState, target: SteadyState): void {
    if (this.#running.has(state)) return;
    const { clock, stores, ask, onEnd } = this.#options;
    const sentAtMs = clock.wallNow();
    const end = (problem: string | undefined) => {
      this.#running.delete(state);
      const atMs = clock.wallNow();
      state.steadyStateProbe = {
        target,
        sentAtMs,
        atMs,
        ...(problem === undefined ? {} : { problem }),
      };
      onEnd(key);
    };
    this.#running.add(state);
    const [namespace = ''] = key.split('/');
    const service = stores.services.get(namespace, target.service);
    const host = service?.spec?.clusterIP;
    if (host === undefined || host === '' || host === 'None') {
      const why =
        service === undefined
          ? `cannot be sent: there is no Service ${target.service}`
          : `cannot be sent: Service ${target.service} has no cluster IP`;
      // Not at once: the reconcile that asks is still running.
      clock.after(0, () => end(why));
      return;
    }
    ask({ ...target, host }, state.stop.signal, end);
  }
}
