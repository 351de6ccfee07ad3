import { HAError } from '../../api/errors.ts';
import type { Order, Position } from '../../protocol/member-protocol.ts';
import type { EngineLog } from '../engine-context.ts';
import type { Resync } from './replication-history.ts';
import {
  dropRetained,
  dropPending,
  findData,
  isLogEmpty,
  isLogPending,
  retainData,
} from './data-files.ts';
import type { UpstreamHistory } from './upstream.ts';
import { bytesAhead, isAtRisk, lossOf } from './data-loss.ts';
import { PersistedState, type Persisted } from './persisted-state.ts';
import type { UserRights } from './user-rights.ts';

/** Epoch of a leader of which the member was made a copy without an order. */
const unknownEpoch = 0;

/**
 * Tracks the data on the volume: knows whether there should be any, retains data that a leader may lack before they are
 * replaced, and reports what was lost.
 *
 * Most of it is stored in the background, so that no failover waits for it. A crash may lose the record of a loss, but never an
 * acknowledged order: the agent stores those in a file of its own.
 */
export class DataRetention {
  readonly #dir: string;
  readonly #state: PersistedState;
  readonly #log: EngineLog;

  private constructor(dir: string, state: PersistedState, log: EngineLog) {
    this.#dir = dir;
    this.#state = state;
    this.#log = log;
  }

  /** Called before the server is started, as the server creates an empty log if there is none. */
  static async open(dir: string, service: string, log: EngineLog): Promise<DataRetention> {
    const data = (await findData(dir)) !== 'none';
    const state = await PersistedState.open(dir, data, service);
    if (await isLogPending(dir)) {
      if (data) await state.set({ cloning: state.now.cloning ?? unknownEpoch });
      await dropPending(dir);
    }
    return new DataRetention(dir, state, log);
  }

  get now(): Persisted {
    return this.#state.now;
  }

  /** Why the state cannot be stored; undefined if it can. */
  get problem(): string | undefined {
    return this.#state.error?.message;
  }

  /** Resolves when every change is stored, or has failed. */
  settled(): Promise<void> {
    return this.#state.settled();
  }

  /** From now on the data on the volume count. @throws HAError HA_ERR_STATE_FILE */
  async setHeld(): Promise<void> {
    if (!this.now.held) await this.#state.set({ held: true, lost: false });
  }

  /**
   * Whether the data in memory may be newer than those on the disk, or were before a restart. A promotion does not change that:
   * the log of a copy is rewritten in the background, and until that is done a restart brings back the data from before the copy.
   */
  get isAheadOfDisk(): boolean {
    return this.now.cloning !== undefined;
  }

  /**
   * To be called after a restart: the order may have been meant for the process before this one, which held more.
   *
   * @throws HAError HA_ERR_MEMBER_OLD
   */
  refuseOld({ member, acceptOld }: Order<'promote'>): void {
    if (!this.isAheadOfDisk || acceptOld === true) return;
    const why = 'it ended while a copy of its leader was not on its disk yet';
    throw new HAError('HA_ERR_MEMBER_OLD', `${member} cannot lead: ${why}`);
  }

  led(epoch: number): void {
    this.#note(async () => {
      await this.#state.set({
        ...{ foreign: false, ledIn: epoch, ledUntil: undefined, kept: undefined },
      });
      await dropRetained(this.#dir, this.now.loss?.epoch);
    });
  }

  fenced(offset: number): void {
    this.#note(() => this.#state.set({ ledUntil: offset }));
  }

  /**
   * Called before the member follows, while it follows no leader: retains data that may be lost, and marks the data as those of an
   * unfinished copy.
   *
   * @param history replication history of the leader, if it can be asked
   * @throws HAError HA_ERR_STATE_FILE, or the error of the file system: the member must not follow then
   */
  async prepare(
    order: Order<'follow'>,
    { position, replid }: { position: Position | undefined; replid: string },
    history: () => Promise<UpstreamHistory | undefined>,
  ): Promise<void> {
    const { epoch } = order;
    // Data retained before a failed copy count; the present data may be incomplete.
    const isAtRiskNow = this.now.kept === undefined && isAtRisk(order, position, this.now);
    // The fence has written all data to the log, and a leader in Strong has each write there before it answers; but the log of a copy
    // is that from before it until it is rewritten.
    if (isAtRiskNow && (this.isAheadOfDisk || !(await isLogEmpty(this.#dir)))) {
      const folder = await retainData(this.#dir, epoch);
      const ahead =
        position === undefined ? undefined : bytesAhead(position.offset, replid, await history());
      const { foreign } = this.now;
      await this.#state.set({ kept: { epoch, folder, ahead, foreign } });
    }
    // On the disk before the copy begins: without the mark, a restart would take the former data for complete.
    await this.#state.set({ cloning: epoch });
  }

  /** The member is linked to the leader. */
  linked({ epoch }: Order<'follow'>, resync: Resync): void {
    const { kept } = this.now;
    const lost = resync === 'full' && kept !== undefined;
    const loss = lost ? lossOf(epoch, kept) : this.now.loss;
    if (lost)
      this.#log.warn({ loss }, 'the data of this member were replaced by those of the leader');
    this.#note(async () => {
      await this.#state.set({
        ...{ held: true, lost: false, foreign: false, loss },
        ...{ ledIn: 0, ledUntil: undefined, kept: undefined },
      });
      if (kept !== undefined) await dropRetained(this.#dir, lost ? kept.epoch : loss?.epoch);
    });
  }

  /** Called while the log is being rewritten: the member may have been made a copy without an order. */
  async detectCopy(): Promise<void> {
    if (this.#isMarked || !(await isLogPending(this.#dir))) return;
    // If an earlier attempt to store the mark has failed, the report names that problem: the report itself must not fail.
    if (this.isAheadOfDisk) this.unwritten();
    else await this.#state.set({ cloning: unknownEpoch });
  }

  /** What users had from whom the right to replicate was taken, and may be taken in the server's file of users. */
  noteTaken(taken: UserRights[]): void {
    this.#note(() => this.#state.set({ taken: taken.length === 0 ? undefined : taken }));
  }

  /** The data in memory cannot be written to the log. */
  unwritten(): void {
    if (this.now.held && !this.#isMarked) {
      this.#note(() => this.#state.set({ cloning: this.now.cloning ?? unknownEpoch }));
    }
  }

  /** The log holds all data that are in memory. */
  written(): void {
    if (this.isAheadOfDisk) this.#note(() => this.#state.set({ cloning: undefined }));
  }

  /** Whether the mark is on the disk: if storing it has failed, it is stored again. */
  get #isMarked(): boolean {
    return this.isAheadOfDisk && this.problem === undefined;
  }

  #note(write: () => Promise<void>): void {
    const isKnown = this.problem !== undefined;
    write().catch((error: unknown) => {
      if (isKnown) return;
      this.#log.error({ error }, 'the state of the data could not be stored: check the volume');
    });
  }
}
