import type { Order, Position } from '../../protocol/member-protocol.ts';
import type { EngineLog } from '../engine-context.ts';
import type { Arrival } from './replication-history.ts';
import { dropKept, dropPending, findData, isLogPending, keepData } from './data-files.ts';
import type { History } from './upstream.ts';
import { bytesAhead, isAtRisk, lossOf } from './data-loss.ts';
import { PersistedState, type Persisted } from './persisted-state.ts';

/** Of the leader whose copy it has become without an order. */
const unknownEpoch = 0;

/**
 * Looks after the data on the volume: knows whether there should be any, keeps those that a leader may not have before they
 * are replaced, and says what was lost.
 *
 * Most of it is written down in the background: no failover waits for the accounting. What a crash leaves out of it is the
 * word about a loss, never an order that was acknowledged: those are in the agent's own file.
 */
export class DataRetention {
  readonly #dir: string;
  readonly #memory: PersistedState;
  readonly #log: EngineLog;

  private constructor(dir: string, memory: PersistedState, log: EngineLog) {
    this.#dir = dir;
    this.#memory = memory;
    this.#log = log;
  }

  /** Before the server is started: it makes an empty log where there is none. */
  static async open(dir: string, service: string, log: EngineLog): Promise<DataRetention> {
    const data = (await findData(dir)) !== 'none';
    const memory = await PersistedState.open(dir, data, service);
    if (await isLogPending(dir)) {
      if (data) await memory.set({ cloning: memory.now.cloning ?? unknownEpoch });
      await dropPending(dir);
    }
    return new DataRetention(dir, memory, log);
  }

  get now(): Persisted {
    return this.#memory.now;
  }

  /** Why nothing can be written down; undefined where it can. */
  get problem(): string | undefined {
    return this.#memory.error?.message;
  }

  /** Resolves when all that was learned is written down, or could not be. */
  settled(): Promise<void> {
    return this.#memory.settled();
  }

  /** What is written from now on is worth keeping. @throws HAError HA_ERR_STATE_FILE */
  async begin(): Promise<void> {
    if (!this.now.held) await this.#memory.set({ held: true, lost: false });
  }

  /**
   * Whether what is in memory may be newer than what is on the disk, or was before a restart. That outlives a promotion: the
   * log of a copy is written anew in the background, and until that is done a restart brings back what was before the copy.
   */
  get isAheadOfDisk(): boolean {
    return this.now.cloning !== undefined;
  }

  led(epoch: number): void {
    this.#note(async () => {
      await this.#memory.set({
        ...{ foreign: false, ledIn: epoch, ledUntil: undefined, kept: undefined },
      });
      await dropKept(this.#dir, this.now.loss?.epoch);
    });
  }

  fenced(offset: number): void {
    this.#note(() => this.#memory.set({ ledUntil: offset }));
  }

  /**
   * Before it follows, while it follows nobody: keeps what may be lost, and marks the data as those of a copy to be.
   *
   * @param history that of the leader, if it can be asked
   * @throws HAError HA_ERR_STATE_FILE, or what the file system says: it must not follow then
   */
  async prepare(
    order: Order<'follow'>,
    { position, replid }: { position: Position | undefined; replid: string },
    history: () => Promise<History | undefined>,
  ): Promise<void> {
    const { epoch } = order;
    // What was kept before a copy that did not succeed is what counts; what there is now may be half of it.
    if (this.now.kept === undefined && isAtRisk(order, position, this.now)) {
      const folder = await keepData(this.#dir, epoch);
      const ahead =
        position === undefined ? undefined : bytesAhead(position.offset, replid, await history());
      const { foreign } = this.now;
      await this.#memory.set({ kept: { epoch, folder, ahead, foreign } });
    }
    // On the disk before the copy can come: without it, a restart would take what was before the copy for all there is.
    await this.#memory.set({ cloning: epoch });
  }

  /** It is linked to the leader. */
  arrived({ epoch }: Order<'follow'>, arrival: Arrival): void {
    const { kept } = this.now;
    const lost = arrival === 'replaced' && kept !== undefined;
    const loss = lost ? lossOf(epoch, kept) : this.now.loss;
    if (lost) this.#log.warn({ loss }, 'its data were replaced by those of the leader');
    this.#note(async () => {
      await this.#memory.set({
        ...{ held: true, lost: false, foreign: false, loss },
        ...{ ledIn: 0, ledUntil: undefined, kept: undefined },
      });
      if (kept !== undefined) await dropKept(this.#dir, lost ? kept.epoch : loss?.epoch);
    });
  }

  /** Looked at while its log is being written anew: it may have been made a copy without an order. */
  async noticeCopy(): Promise<void> {
    if (this.#isMarked || !(await isLogPending(this.#dir))) return;
    // If an earlier attempt to write the mark has failed, the report names that problem: it must not fail as a whole.
    if (this.isAheadOfDisk) this.unwritten();
    else await this.#memory.set({ cloning: unknownEpoch });
  }

  /** What is in memory cannot be written to its log. */
  unwritten(): void {
    if (this.now.held && !this.#isMarked) {
      this.#note(() => this.#memory.set({ cloning: this.now.cloning ?? unknownEpoch }));
    }
  }

  /** All that is in memory is in its log. */
  written(): void {
    if (this.isAheadOfDisk) this.#note(() => this.#memory.set({ cloning: undefined }));
  }

  /** The mark is on the disk: one that could not be written is written again. */
  get #isMarked(): boolean {
    return this.isAheadOfDisk && this.problem === undefined;
  }

  #note(write: () => Promise<void>): void {
    const isKnown = this.problem !== undefined;
    write().catch((error: unknown) => {
      if (isKnown) return;
      this.#log.error({ error }, 'what was learned of the data could not be written down');
    });
  }
}
