import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { Lease } from '../../kube/api-types.ts';
import type { Ref } from '../../kube/resources.ts';
import type { Earlier } from '../../heartbeat/grants.ts';
import { HolderEnd } from './holder-end.ts';
import { holderOf, leaseRef, versionOf } from './lease-record.ts';
import { LeaseRequests } from './lease-requests.ts';
import { LeaseView } from './lease-view.ts';
import type { Activity } from './activity.ts';
import type { OperatorLeaseOptions } from './operator-lease-options.ts';

/** How often the holder renews it: three renewals may fail. */
const renewMs = 500;
/** The holder writes nothing if it has asked for its last renewal longer ago: clocks differ by less than 5 %. */
const validMs = 1_900;
/** Wait after a request that has failed. */
const againMs = 250;
/**
 * Nobody has held the Lease before. An operator of an earlier version, which knows none, may run until the kubelet has ended it: the
 * termination grace period of manifests/operator.yaml.
 */
const earlierVersionMs = 30_000;

/**
 * Decides by a Lease (coordination.k8s.io) whether this process is the one operator that acts. To be started when all caches are
 * filled. A process that has lost the Lease never takes it again: what it remembers is old.
 *
 * Why there are no two. A standby takes the Lease by compare-and-swap on a version of it that it has seen for two seconds, confirmed by
 * a read at the end of that time, so that silence of its own watch, or of the API server, counts for nothing. The holder writes only
 * if it has asked for its last renewal less than 1.9 seconds ago. What leaves it just before is harmless: the status of a
 * service is written by compare-and-swap, an order names its epoch, and grants of leases are counted by the successor (Grants).
 */
export class OperatorLease implements Activity {
  readonly identity: string;
  readonly #options: OperatorLeaseOptions;
  readonly #ref: Ref;
  readonly #requests: LeaseRequests;
  readonly #seen: LeaseView;
  #state: 'Standby' | 'Active' | 'Ended' = 'Standby';
  /** When the last successful renewal was asked for. */
  #confirmedAt = -Infinity;
  /** Of the Lease, as this process has last written it. */
  #version = '';
  readonly #holderEnd: HolderEnd;
  #isAsking = false;
  #cancel = () => {};
  #isAlert = false;
  #cancelAlert = () => {};
  #failures = 0;
  #ignore = () => {};
  readonly #stop = new AbortController();

  constructor(options: OperatorLeaseOptions) {
    this.#options = options;
    this.identity = `${options.instance}_${options.nonce}`;
    this.#ref = leaseRef(options.namespace);
    const { clock, namespace, instance, address } = options;
    this.#requests = new LeaseRequests(clock, namespace, { identity: this.identity, address });
    this.#seen = new LeaseView(clock, instance);
    this.#holderEnd = new HolderEnd(options.watchEnd);
  }

  get isActive(): boolean {
    return this.#state === 'Active';
  }

  mayWrite(): boolean {
    return this.isActive && this.#options.clock.now() - this.#confirmedAt < validMs;
  }

  get isAlert(): boolean {
    return this.#isAlert;
  }

  /** Takes the Lease as soon as it may, and renews it, until `close`. */
  start(): void {
    const { store } = this.#options;
    this.#see(store.get(this.#ref.namespace, this.#ref.name));
    this.#ignore = store.onChange(({ type, object }) =>
      this.#see(type === 'deleted' ? undefined : object),
    );
  }

  /** From now on this process does not act. @returns what gives the Lease up, so that a standby takes it at once; undefined: it has none. */
  close(): (() => Steps<void>) | undefined {
    const { isActive } = this;
    this.#end();
    return isActive ? () => this.#release() : undefined;
  }

  *#release(): Steps<void> {
    const { log } = this.#options;
    try {
      try {
        yield* this.#requests.release(this.#version);
      } catch (error) {
        if (!isConflict(error)) throw error;
        // A renewal was on its way.
        const lease = yield* this.#requests.read();
        if (holderOf(lease) === this.identity) yield* this.#requests.release(versionOf(lease));
      }
      log.info({}, 'handed over to another operator');
    } catch (error) {
      log.warn({ error }, 'could not hand over: another operator takes over in two seconds');
    }
  }

  /** Ends what a standby does. */
  #rest(): void {
    this.#cancelAlert();
    this.#isAlert = false;
    this.#holderEnd.close();
    this.#ignore();
  }

  #end(): void {
    this.#state = 'Ended';
    this.#cancel();
    this.#stop.abort();
    this.#rest();
  }

  /** The Lease, as the watch or a read shows it. */
  #see(lease: Lease | undefined): void {
    if (this.#state !== 'Standby') return;
    this.#seen.see(lease);
    this.#holderEnd.follow(lease, this.#onHolderEnd);
    this.#setAlert(false);
    this.#cancelAlert = this.#options.clock.after(2 * renewMs, () => this.#setAlert(true));
    this.#next(this.#seen.waitMs);
  }

  #setAlert(isAlert: boolean): void {
    this.#cancelAlert();
    if (isAlert === this.#isAlert) return;
    this.#isAlert = isAlert;
    this.#options.onAlert();
  }

  readonly #onHolderEnd = (holder: string): void => {
    if (this.#state !== 'Standby' || this.#seen.holder !== holder) return;
    this.#options.log.info(
      { holder },
      'the active operator has ended: nothing listens at its port',
    );
    this.#seen.ended = holder;
    this.#setAlert(true);
    this.#next(0);
  };

  #next(ms: number): void {
    const { drive, clock } = this.#options;
    this.#cancel();
    if (this.#state === 'Ended' || this.#isAsking) return;
    this.#cancel = clock.after(ms, () => {
      this.#isAsking = true;
      const beganAt = clock.now();
      drive(this.#round(), this.#stop.signal, (end) => {
        this.#isAsking = false;
        if ('error' in end) this.#failed(end.error);
        else this.#failures = 0;
        const least = 'error' in end ? againMs : 0;
        const wait = this.isActive ? beganAt + renewMs - clock.now() : this.#seen.waitMs;
        this.#next(Math.max(least, wait));
      });
    });
  }

  #failed(error: unknown): void {
    const { log, apiServerHealth } = this.#options;
    if (this.#state === 'Ended') return;
    apiServerHealth.failed(error);
    this.#seen.restart();
    if (++this.#failures > 1) return;
    const why = 'cannot read or write the Lease; if this is forbidden, apply the RBAC rules';
    log.warn({ error, lease: this.#ref.name }, `${why} that came with this operator`);
  }

  *#round(): Steps<void> {
    if (this.isActive) return yield* this.#renew();
    if (this.#seen.waitMs > 0) return;
    const { version } = this.#seen;
    if (!this.#seen.isFree) {
      const lease = yield* this.#read();
      if ((lease && versionOf(lease)) !== version) return;
    }
    if (version === undefined) yield* this.#create();
    else yield* this.#takeOver(version);
  }

  *#takeOver(version: string): Steps<void> {
    const { store, clock } = this.#options;
    // Its own write may be seen before the answer.
    const { earlier } = this.#seen;
    const former = store.get(this.#ref.namespace, this.#ref.name);
    const askedAt = clock.now();
    try {
      this.#take(yield* this.#requests.take(version, former), askedAt, earlier);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      yield* this.#read();
    }
  }

  *#create(): Steps<void> {
    const { clock } = this.#options;
    const askedAt = clock.now();
    try {
      const lease = yield* this.#requests.create();
      const until = clock.now() + earlierVersionMs;
      this.#take(lease, askedAt, { until, isHandedOver: false, othersUntil: until });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      yield* this.#read();
    }
  }

  *#read(): Steps<Lease | undefined> {
    const { store } = this.#options;
    try {
      const lease = yield* this.#requests.read();
      store.observeWrite(lease);
      // The store takes none that is older than its own, as it is after a backup was restored.
      if (versionOf(lease) !== this.#seen.version) this.#see(lease);
      return lease;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#see(undefined);
      return undefined;
    }
  }

  *#renew(): Steps<void> {
    try {
      return yield* this.#confirmOf(this.#version);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    yield* this.#lookWhoHolds();
  }

  *#confirmOf(version: string): Steps<void> {
    const askedAt = this.#options.clock.now();
    this.#confirm(yield* this.#requests.renew(version), askedAt);
  }

  /** Somebody has changed or deleted the Lease, or a renewal that got no answer was done. */
  *#lookWhoHolds(): Steps<void> {
    const askedAt = this.#options.clock.now();
    try {
      const lease = yield* this.#requests.read();
      const holder = holderOf(lease);
      if (holder !== this.identity) return this.#lose(holder);
      // A read confirms nothing: the standbys do not see it.
      return yield* this.#confirmOf(versionOf(lease));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      this.#confirm(yield* this.#requests.create(), askedAt);
    } catch (error) {
      // The next renewal finds out whose it is.
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #take(lease: Lease, askedAt: number, earlier: Earlier): void {
    const { log, onTaken, apiServerHealth } = this.#options;
    if (this.#state !== 'Standby') return;
    this.#state = 'Active';
    this.#rest();
    this.#version = versionOf(lease);
    this.#confirmedAt = askedAt;
    apiServerHealth.confirmed(askedAt);
    log.info({ identity: this.identity }, 'this operator acts from now on');
    onTaken(earlier);
  }

  #confirm(lease: Lease, askedAt: number): void {
    const mayWriteAlready = this.mayWrite();
    this.#version = versionOf(lease);
    this.#confirmedAt = askedAt;
    this.#options.apiServerHealth.confirmed(askedAt);
    if (!mayWriteAlready && this.mayWrite()) this.#options.onConfirmed();
  }

  #lose(holder: string | undefined): void {
    if (!this.isActive) return;
    this.#end();
    const { log, onLost } = this.#options;
    log.error(
      { holder },
      'another operator has taken over, as this one was cut off or did not run: this process ends',
    );
    onLost();
  }
}
