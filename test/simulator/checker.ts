import type { Status } from '../../src/api/status.ts';
import { highestEpoch } from '../../src/api/epoch.ts';
import type { Agent } from './agent.ts';
import type { ServiceObject } from './api-server.ts';
import { FormerReigns, type Reign, formerEpoch } from './former-reigns.ts';
import type { Kernel } from './kernel.ts';
import { type MemberBehaviour, isStrong } from './setups.ts';
import { describeChange, setName } from './status-words.ts';
import type { Entry } from './volume.ts';

/** A promise that was broken. */
export class Violation extends Error {}

/** The share of the heartbeat's timeout for which silence is nothing, as clocks run at different speeds. */
const unheardShare = 0.95;

/** An order, or a hook. */
export interface RoleGiven {
  kind: string;
  order: { epoch: number };
}

/** Watches everything that happens, and knows what must never. */
export class Checker {
  readonly #kernel: Kernel;
  readonly #behaviour: MemberBehaviour;
  readonly #isUp: (uid: string) => boolean;
  /** Who was made primary in which epoch, once that has landed. */
  readonly #committed = new Map<number, string>();
  /** The same, also of resources that were deleted before. */
  readonly #elected = new Set<string>();
  /** Everybody who has ever led, by epoch. */
  readonly #reigns = new Map<number, Reign>();
  /** Epoch in which a write was acknowledged, by its number. */
  readonly #acknowledged = new Map<number, number>();
  /** Writes of which a person or a broken disk has destroyed every copy. */
  readonly #destroyed = new Set<number>();
  readonly #highest = new Map<string, number>();
  readonly #former = new FormerReigns();
  /** Highest epoch of the resources that were deleted before. */
  #landed = 0;
  #count = 0;
  /** What leaders of this epoch and later ones acknowledge is promised to be kept; undefined: nothing is. */
  #promisedFrom: number | undefined;
  epoch = 0;
  /** The sync sets that a failover would have to satisfy; undefined while a fence is being put up, whose sets are older. */
  #sets: string[] | undefined;

  /** @param isUp Whether the process of a pod runs. */
  constructor(kernel: Kernel, behaviour: MemberBehaviour, isUp: (uid: string) => boolean) {
    this.#kernel = kernel;
    this.#behaviour = behaviour;
    this.#isUp = isUp;
    this.#promisedFrom = behaviour.isStrong ? 0 : undefined;
  }

  get acknowledged(): number {
    return this.#count;
  }

  get epochs(): number {
    return this.#reigns.size;
  }

  /** Whether the leader must hold all that was ever acknowledged. */
  get #mustKeep(): boolean {
    return this.#behaviour.replicates && this.#promisedFrom !== undefined;
  }

  /** The user gives up what was promised: by asking for Eventual, or by a stop of a service that keeps no data. */
  giveUp(): void {
    this.#promisedFrom = undefined;
    this.#acknowledged.clear();
  }

  /** A volume was destroyed from outside. `held`: what the others hold. A resource that knows of more waits; a new one cannot. */
  destroyed(held: ReadonlySet<number>): void {
    for (const [id, epoch] of this.#acknowledged) {
      if (held.has(id)) continue;
      this.#destroyed.add(id);
      if (epoch === formerEpoch) this.#acknowledged.delete(id);
    }
  }

  /** The resource is deleted. Another of its name begins with epoch 0, and keeps what this one has acknowledged. */
  renewed(): void {
    this.#former.end(this.#reigns.values(), this.#promisedFrom);
    for (const known of [this.#reigns, this.#committed, this.#highest]) known.clear();
    for (const id of this.#destroyed) this.#acknowledged.delete(id);
    for (const id of this.#acknowledged.keys()) this.#acknowledged.set(id, formerEpoch);
    if (this.#promisedFrom !== undefined) this.#promisedFrom = formerEpoch;
    this.#landed = Math.max(this.#landed, this.epoch);
    this.epoch = 0;
    this.#sets = undefined;
  }

  /** A status has landed. */
  statusWritten(before: Status, after: Status, { spec, metadata }: ServiceObject): void {
    const { epoch = 0, primaryUID } = after;
    if (epoch > highestEpoch) this.fail(`status.epoch is ${epoch}: the API server refuses that`);
    // From the moment on in which a user can see that Strong has been taken note of.
    const isLed = primaryUID !== undefined && after.fencing === undefined;
    const isNoted = after.observedGeneration === metadata.generation && isLed;
    const hasSets = !this.#behaviour.replicates || (after.syncSets?.length ?? 0) > 0;
    if (isStrong(spec) && spec.replicas > 0 && isNoted && hasSets) this.#promisedFrom ??= epoch;
    if (epoch < (before.epoch ?? 0))
      this.fail(`status.epoch fell from ${before.epoch} to ${epoch}`);
    this.epoch = epoch;
    this.#sets = isLed ? after.syncSets?.map(setName) : undefined;
    this.#kernel.note('api', () => describeChange(before, after));
    if (primaryUID === undefined || after.fencing !== undefined) return;
    const known = this.#committed.get(epoch);
    if (known !== undefined && known !== primaryUID) {
      this.fail(`epoch ${epoch} has two primaries: ${known} and ${primaryUID}`);
    }
    this.#committed.set(epoch, primaryUID);
    this.#elected.add(`${epoch} ${primaryUID}`);
  }

  /** An order leaves an operator. */
  ordered(uid: string, { kind, order }: RoleGiven): void {
    // An operator may not know yet that the resource of these orders is gone.
    if (order.epoch > Math.max(this.epoch, this.#landed)) {
      this.fail(`${kind} of epoch ${order.epoch} was ordered before that epoch had landed`);
    }
    if (kind === 'promote' && !this.#elected.has(`${order.epoch} ${uid}`)) {
      this.fail(`${uid} was to be promoted in epoch ${order.epoch}, which is not its own`);
    }
  }

  /** A member has begun to lead. */
  promoted({ pod, leadership, volume }: Agent): void {
    if (pod.agentPort === undefined) this.#reignOf(pod.uid, this.epoch);
    if (leadership === undefined) return;
    const { epoch } = leadership;
    this.#kernel.note(
      pod.name,
      () => `leads in epoch ${epoch} with ${leadership.data.log.length} entries`,
    );
    if (epoch < (this.#highest.get(pod.uid) ?? 0)) {
      this.fail(`${pod.uid} went back to epoch ${epoch}`);
    }
    this.#highest.set(pod.uid, volume.epoch);
    const reign = { epoch, uid: pod.uid, log: leadership.data.log, firstAckMs: undefined };
    // An order of the resource that was deleted, carried out late.
    if (this.#committed.get(epoch) !== pod.uid && this.#elected.has(`${epoch} ${pod.uid}`)) {
      this.#former.add(reign);
      return;
    }
    this.#reigns.set(epoch, { ...this.#reigns.get(epoch), ...reign });
    if (!this.#mustKeep) return;
    const held = new Set(leadership.data.log.map(({ id }) => id));
    for (const [id, ackedIn] of this.#acknowledged) {
      if (ackedIn < epoch && !held.has(id)) {
        this.fail(
          `write ${id}, acknowledged in epoch ${ackedIn}, is lost with the leader of epoch ${epoch}`,
        );
      }
    }
  }

  /**
   * A leader has told a client that its write is safe. It may learn late that followers hold what they held before they
   * turned away; but nothing that it was given after its successor has acknowledged a write may be acknowledged any more.
   *
   * @param takenMs When the client gave it.
   */
  acknowledgedBy({ pod, leadership }: Agent, id: number, takenMs: number): void {
    const isPlain = pod.agentPort === undefined;
    const led = isPlain ? this.#plainEpochOf(pod.uid) : leadership?.epoch;
    if (led === undefined) return;
    const former =
      this.#reigns.get(led)?.uid === pod.uid ? undefined : this.#former.find(pod.uid, led);
    const isFormer = former !== undefined;
    const epoch = isFormer ? formerEpoch : led;
    const reign = this.#reigns.get(epoch);
    if (!isFormer && reign?.uid !== pod.uid) {
      this.fail(
        `two members acknowledge in epoch ${epoch}: ${reign?.uid ?? 'nobody'} and ${pod.uid}`,
      );
    }
    if (reign !== undefined) reign.firstAckMs ??= this.#kernel.nowMs;
    this.#count++;
    if (this.#promisedFrom === undefined || epoch < this.#promisedFrom) return;
    if (former?.isPromised === false) return;
    this.#acknowledged.set(id, epoch);
    const set = setName(leadership?.sync);
    if (epoch === this.epoch && this.#mustKeep && this.#sets?.includes(set) === false) {
      this.fail(`${pod.uid} acknowledges by ${set}, and the status has ${this.#sets.join(', ')}`);
    }
    for (const later of this.#reigns.values()) {
      if (later.epoch <= epoch) continue;
      if (takenMs > (later.firstAckMs ?? Infinity)) {
        this.fail(
          `${pod.uid} acknowledges write ${id} in epoch ${epoch} after ${later.uid} has in epoch ${later.epoch}`,
        );
      }
      if (this.#behaviour.replicates && !later.log.some((entry) => entry.id === id)) {
        this.fail(
          `write ${id} is acknowledged in epoch ${epoch}, but the leader of epoch ${later.epoch} lacks it`,
        );
      }
    }
  }

  /** A planned change takes nobody whom its operator has not given the time to be heard: the timeout of its heartbeats. */
  deletes(uid: string, reason: string, unheardMs: number, timeoutMs: number): void {
    const isPlanned = ['Outdated', 'ScaleDown', 'Rebalance'].includes(reason);
    if (isPlanned && this.#isUp(uid) && unheardMs > 0 && unheardMs < timeoutMs * unheardShare) {
      this.fail(`${uid} is deleted (${reason}) by an operator that has not heard it yet`);
    }
  }

  /** The last epoch in which a program without an agent was made primary: it leads by being the Service's endpoint. */
  #plainEpochOf(uid: string): number | undefined {
    const epochs = [...this.#committed].flatMap(([epoch, each]) => (each === uid ? [epoch] : []));
    const last = epochs.at(-1);
    if (last !== undefined) this.#reignOf(uid, last);
    return last;
  }

  #reignOf(uid: string, epoch: number): void {
    if (this.#reigns.has(epoch)) return;
    this.#reigns.set(epoch, { epoch, uid, log: [], firstAckMs: undefined });
  }

  /** All acknowledged writes are with the leader. */
  checkHeld({ volume }: Agent): void {
    if (!this.#mustKeep) return;
    const held = new Set(volume.data?.log.map(({ id }) => id));
    for (const id of this.#acknowledged.keys()) {
      if (!held.has(id)) this.fail(`acknowledged write ${id} is not there in the end`);
    }
  }

  /** Whether this log has all that must not be lost. */
  holdsAll(log: readonly Entry[]): boolean {
    if (!this.#mustKeep) return true;
    const held = new Set(log.map(({ id }) => id));
    return [...this.#acknowledged.keys()].every((id) => held.has(id));
  }

  /** @throws Violation */
  fail(what: string): never {
    this.#kernel.note('CHECK', () => what);
    throw new Violation(what);
  }
}
