import { durationMs } from '../../src/api/duration.ts';
import type { Experiment, ExperimentRecord } from '../../src/api/chaos-status.ts';
import type { Status } from '../../src/api/status.ts';
import type { Kill } from './experiment-requests.ts';
import { whyEndangered } from './survivors.ts';
import type { ExperimentWorld } from './experiment-world.ts';

/** How much longer than its objective an experiment may take for its verdict, once all faults are over. Milliseconds. */
const mostLateMs = 20_000;

/** Watches the experiments, and knows what they must never do. */
export class Experiments {
  readonly #world: ExperimentWorld;
  /** UIDs that a stored status has named, in the phase Injecting, by experiment. */
  readonly #named = new Map<number, Set<string>>();
  /** The kills that have left an operator. */
  readonly #sent = new Set<string>();
  /** UIDs whose kill the API server has accepted, and those that this has killed. */
  readonly #accepted = new Set<string>();
  readonly #killed = new Set<string>();
  readonly #ended = new Set<number>();
  /** The operator to which all kills of an experiment were answered. */
  readonly #answered = new Map<number, { place: string; left: Set<string> }>();

  constructor(world: ExperimentWorld) {
    this.#world = world;
  }

  /** A status has landed. @returns The new records, the oldest first. */
  statusWritten(before: Status, after: Status): ExperimentRecord[] {
    const { experiment, history = [] } = after.chaos ?? {};
    if (experiment !== undefined) this.#seen(before.chaos?.experiment, experiment);
    const known = new Set(before.chaos?.history?.map(({ id }) => id));
    const records = history.filter(({ id }) => !known.has(id)).reverse();
    for (const record of records) this.#end(record);
    return records;
  }

  #seen(before: Experiment | undefined, { id, phase, hits }: Experiment): void {
    if (this.#ended.has(id)) this.#fail(id, 'has ended, and runs again');
    if (before?.id === id && before.phase === 'Recovering' && phase !== 'Recovering') {
      this.#fail(id, `was recovering, and is ${phase} again`);
    }
    if (phase !== 'Injecting') return;
    const uids = hits.map(({ uid }) => uid);
    const named = this.#named.get(id);
    if (named !== undefined && uids.some((uid) => !named.has(uid)))
      this.#fail(id, `names other pods than before: ${uids.join(', ')}`);
    this.#named.set(id, new Set(uids));
  }

  #end({ id, verdict, hits, message }: ExperimentRecord): void {
    if (this.#ended.has(id)) this.#fail(id, 'has two verdicts');
    this.#ended.add(id);
    this.#world.kernel.note('api', () => `experiment ${id} ${verdict}: ${message}`);
    for (const { uid } of verdict === 'Passed' ? hits : []) {
      if (!this.#accepted.has(uid)) this.#fail(id, `has passed, and nobody has killed ${uid}`);
      if (this.#world.api.podOf(uid) !== undefined)
        this.#fail(id, `has passed, and ${uid} is still there`);
    }
    const { place, left } = this.#answered.get(id) ?? {};
    const isKnown = left?.size === 0 && this.#world.operators.every((each) => each.place === place);
    const isStopped = /^(spec\.|the clock)/.test(message);
    if (verdict === 'Unknown' && isKnown && !isStopped)
      this.#fail(id, `is Unknown, and every kill was answered to the one operator: ${message}`);
  }

  /** A kill leaves an operator, or would have to stay. */
  leaves({ operator, experiment: id, uid, read }: Kill): void {
    const key = `${operator} ${id} ${uid}`;
    if (this.#sent.has(key)) this.#fail(id, `kills ${uid} again`);
    this.#sent.add(key);
    if (this.#named.get(id)?.has(uid) !== true)
      this.#fail(id, `kills ${uid}, and no stored status has named it as Injecting`);
    if (read === undefined) this.#fail(id, 'kills by an operator that has not read the status');
    const { fencing, failovers, epoch, chaos } = read.status;
    const [last] = failovers ?? [];
    if (fencing !== undefined || (last?.outcome === 'Promoting' && last.epoch === epoch))
      this.#fail(id, 'kills during a failover');
    if (chaos?.experiment?.id !== id || chaos.experiment.phase !== 'Injecting')
      this.#fail(id, `kills, and the status has experiment ${chaos?.experiment?.id}`);
    if (this.#answered.get(id)?.place === operator) return;
    // Of the first kill: all that follow are judged with it.
    const isFirst = !this.#answered.has(id);
    const why = isFirst ? whyEndangered(this.#world, read, chaos.experiment.hits) : undefined;
    if (why !== undefined) this.#fail(id, `kills too many: ${why}`);
    this.#answered.set(id, { place: operator, left: new Set(this.#named.get(id)) });
  }

  /** The API server has got a kill. */
  arrived({ experiment: id, uid }: Kill, isAccepted: boolean, wasLive: boolean): void {
    if (!isAccepted) return;
    this.#accepted.add(uid);
    if (!wasLive) return;
    this.#killed.add(uid);
    this.#world.kernel.note('api', () => `experiment ${id} has killed ${uid}`);
  }

  /** The operator has the answer. */
  answered({ experiment: id, uid, operator }: Kill): void {
    const known = this.#answered.get(id);
    if (known?.place === operator) known.left.delete(uid);
  }

  get killed(): number {
    return this.#killed.size;
  }

  /** Whether a pod of the experiment that runs has been killed. */
  hasKilled({ hits }: Experiment): boolean {
    return hits.some(({ uid }) => this.#killed.has(uid));
  }

  /** All faults have been over since then. */
  checkEnds(sinceMs: number): void {
    const { experiment } = this.#world.api.service.status.chaos ?? {};
    if (experiment === undefined) return;
    const { id, phase, startsAt, objective } = experiment;
    const dueMs = Math.max(sinceMs, this.#world.virtualMs(startsAt)) + durationMs(objective);
    if (this.#world.kernel.nowMs > dueMs + mostLateMs)
      this.#fail(id, `has no verdict ${mostLateMs} ms after its objective: it is ${phase}`);
  }

  #fail(id: number, what: string): never {
    return this.#world.checker.fail(`experiment ${id} ${what}`);
  }
}
