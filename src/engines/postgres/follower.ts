import { rm } from 'node:fs/promises';
import { HAError, isHAError } from '../../api/errors.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { sleep } from '../../lib/clock.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { baseBackup } from './basebackup.ts';
import type { Database } from './database.ts';
import { beginOf, forkOf, parseTimelineHistory } from './timeline-history.ts';
import {
  type UpstreamView,
  hasLogFrom,
  lookAtUpstream,
  problemOf,
  sizeOfUpstream,
} from './upstream.ts';
import { noteLoss, rewind } from './rewind.ts';
import { settle } from './fence.ts';
import { isSameLog } from './wal-comparison.ts';
import { alone } from './settings.ts';

type Leader = Order<'follow'>['leader'];

/** Milliseconds. */
const retryMs = 500;
/** After a clone that has failed, as it may have taken long, and much from the leader. */
const longestRetryMs = 30_000;
const watchMs = 500;
/** How long the stream may be down before it is asked why. */
const unlinkedMs = 2_000;
/** An end in order writes a checkpoint first; after so long it is a crash instead, and recovery does it later. */
const stopMs = 60_000;

/**
 * Brings a member to follow a leader, whatever it holds, and watches that it does: until the next order, in the background.
 * Nothing is undone when it is cut off; whoever comes next begins from what there is.
 */
export class Follower {
  readonly leader: Leader;
  readonly epoch: number;
  /** It is being made a copy of the leader. */
  isCloning = false;
  problem: EngineProblem | undefined;
  /** Settles when it follows, is being cloned, or has found that it cannot for now. @throws HAError HA_ERR_MEMBER_FOREIGN */
  readonly begun: Promise<void>;
  readonly #database: Database;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #begin: () => void = () => {};
  #refuse: (error: unknown) => void = () => {};

  constructor(database: Database, { leader, epoch }: Order<'follow'>) {
    this.#database = database;
    this.leader = leader;
    this.epoch = epoch;
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    this.begun.catch(() => {});
    this.#done = this.#run(this.#stop.signal);
  }

  /** Whether it goes on for this order, too. */
  does({ leader: { member, host, port } }: Order<'follow'>): boolean {
    const { leader } = this;
    return leader.member === member && leader.host === host && leader.port === port;
  }

  /** Resolves when nothing of it goes on. */
  async cancel(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#bring(signal);
        this.isCloning = false;
        this.#begin();
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (isHAError(error, 'HA_ERR_MEMBER_FOREIGN')) {
          this.problem = { reason: 'ForeignData', message: error.message };
          this.#refuse(error);
          return;
        }
        const isFailed = isHAError(error, 'HA_ERR_COMMAND_FAILED');
        this.#complain(
          isFailed
            ? { reason: 'CloneFailed', message: error.message }
            : problemOf(error, this.leader.member),
        );
        this.#begin();
        failures = isFailed ? failures + 1 : 0;
        const ms = Math.min(retryMs * 2 ** failures, longestRetryMs);
        await sleep(this.#database.context.clock, ms, signal);
      }
    }
    this.#begin();
  }

  async #bring(signal: AbortSignal): Promise<void> {
    const database = this.#database;
    const isUnfinished = await database.isUnfinished();
    const { identity } = database;
    if (identity === undefined || isUnfinished) {
      if (identity !== undefined) this.isCloning = true;
      const view = await this.#look(signal);
      if (identity !== undefined) this.#refuseForeign(view, identity);
      await this.#clone(view, undefined, signal);
      return;
    }
    const end = await settle(database, signal);
    const view = await this.#look(signal);
    this.#refuseForeign(view, identity);
    const timeline = await database.timelineOf(end, end.replayed);
    const own = (await database.timelines.history(timeline)) ?? parseTimelineHistory(timeline, '');
    let fork = Math.min(forkOf(own, view.history), view.flushed);
    if (
      end.replayed <= fork &&
      timeline > 1 &&
      !(await this.#isSame(view, timeline, end.replayed, signal))
    ) {
      fork = beginOf(own);
    }
    if (end.replayed > fork) {
      await this.#giveUpOwn(view, { own, fork, end: end.replayed }, signal);
    } else if (!hasLogFrom(view, end.replayed)) {
      database.context.log.warn(
        { leader: this.leader },
        'the leader has not kept the log that is missing here: cloning anew',
      );
      await this.#clone(view, undefined, signal);
    } else {
      await this.#keepHistory(view);
      await database.tell({ leader: this.leader, sync: alone.sync }, signal);
    }
  }

  async #isSame(
    view: UpstreamView,
    timeline: number,
    end: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { settings, layout } = this.#database;
    const options = await settings.remote(this.leader);
    return (await isSameLog(layout.data, { timeline, end }, view, options, signal)) ?? true;
  }

  /** What it has beyond the fork no other has. It is counted, and then goes. */
  async #giveUpOwn(
    view: UpstreamView,
    range: Parameters<typeof noteLoss>[1]['range'],
    signal: AbortSignal,
  ): Promise<void> {
    const database = this.#database;
    this.isCloning = true;
    this.#begin();
    const note = { epoch: this.epoch, leader: this.leader.member, range };
    await noteLoss(database, { ...note, kept: undefined }, signal);
    await this.#stopServer(signal);
    const look = () => this.#look(signal);
    if (await rewind(database, { leader: this.leader, view, range, look }, signal)) {
      await this.#startFollowing(view, signal);
    } else {
      const kept = await this.#clone(view, this.epoch, signal);
      await noteLoss(database, { ...note, kept }, signal);
    }
  }

  async #clone(
    view: UpstreamView,
    keepAs: number | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const database = this.#database;
    const { tools, layout, settings, context } = database;
    this.isCloning = true;
    if (this.problem?.reason !== 'CloneFailed') this.problem = undefined;
    this.#begin();
    const { leader } = this;
    const size = await sizeOfUpstream(await settings.remote(leader), signal);
    context.log.info({ leader, bytes: size }, 'cloning the leader');
    await this.#stopServer(signal);
    let kept: string | undefined;
    try {
      kept = await baseBackup({ tools, layout, settings, leader, size, keepAs, signal });
      await rm(layout.rewinding, { force: true });
    } finally {
      await database.look();
    }
    await this.#startFollowing(view, signal);
    return kept;
  }

  async #stopServer(signal: AbortSignal): Promise<void> {
    await this.#database.stop('fast', AbortSignal.any([signal, AbortSignal.timeout(stopMs)]));
    await this.#database.settings.prepare();
  }

  async #startFollowing(view: UpstreamView, signal: AbortSignal): Promise<void> {
    const database = this.#database;
    await this.#keepHistory(view);
    await database.start({ leader: this.leader, sync: alone.sync }, signal);
    // A rewound one answers only when it has received what it needs to be consistent.
    await database.until(signal);
    await rm(database.layout.rewinding, { force: true });
  }

  async #keepHistory({ timeline, historyText }: UpstreamView): Promise<void> {
    await this.#database.timelines.keep(timeline, historyText);
    await this.#database.timelines.fill(timeline);
  }

  /** Returns when the stream is down although the leader can be asked. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#database.context;
    let linkedAt = clock.now();
    for (;;) {
      await sleep(clock, watchMs, signal);
      const status = await this.#database.pulse.ask(signal);
      if (status === 'down' || status.streaming) {
        linkedAt = clock.now();
        if (status !== 'down') this.problem = undefined;
      } else if (clock.now() - linkedAt > unlinkedMs) {
        try {
          await this.#look(signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#complain(problemOf(error, this.leader.member));
          continue;
        }
        const message = `${this.leader.member} can be asked but sends no log: see the logs of both, and raise max_wal_senders where it is short of them`;
        this.#complain({ reason: 'NotLinked', message });
        return;
      }
    }
  }

  #complain(problem: EngineProblem): void {
    if (this.problem?.reason !== problem.reason) {
      this.#database.context.log.warn({ leader: this.leader, ...problem }, 'cannot follow yet');
    }
    this.problem = problem;
  }

  /**
   * Each way to follow begins with this, whatever is done then (pg_basebackup, pg_rewind, primary_conninfo): an order names any
   * server, and libpq would give it the password in clear. Our own client does not, and only who has proved to know it is
   * entrusted with it.
   *
   * @throws what lookAtLeader throws; HAError HA_ERR_DATABASE where it does not lead (yet)
   */
  async #look(signal: AbortSignal): Promise<UpstreamView> {
    const { settings } = this.#database;
    const view = await lookAtUpstream(await settings.remote(this.leader), signal);
    if (view.standby) {
      throw new HAError('HA_ERR_DATABASE', `${this.leader.member} takes no writes (yet)`);
    }
    await settings.entrust(this.leader);
    return view;
  }

  #refuseForeign(view: UpstreamView, identity: string): void {
    if (view.identity === identity) return;
    throw new HAError(
      'HA_ERR_MEMBER_FOREIGN',
      `the data here have the system identifier ${identity}, those of ${this.leader.member} ${view.identity}; nothing was changed`,
    );
  }
}
