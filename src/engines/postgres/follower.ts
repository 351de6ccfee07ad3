import { rm } from 'node:fs/promises';
import { HAError, isHAError } from '../../api/errors.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { sleep } from '../../lib/clock.ts';
import { CopyMeter } from '../copy-meter.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { baseBackup } from './basebackup.ts';
import type { Database } from './database.ts';
import { beginOf, forkOf, parseTimelineHistory } from './timeline-history.ts';
import { type UpstreamView, hasLogFrom, askWithEach, problemOf } from './upstream.ts';
import { endPause } from './replay-pause.ts';
import { recordLoss, rewind } from './rewind.ts';
import { fenceAndReplay } from './fence.ts';
import { hasSameWal } from './wal-comparison.ts';
import { detached } from './settings.ts';

type Leader = Order<'follow'>['leader'];

/** Milliseconds. */
const retryMs = 500;
/** After a failed clone, as it may have taken long, and load on the leader. */
const longestRetryMs = 30_000;
const watchMs = 500;
/** After how long without a stream the leader is asked for the reason. Milliseconds. */
const unlinkedMs = 2_000;
/** An end in order writes a checkpoint first; afterwards the server is ended as by a crash. */
const stopMs = 60_000;

/**
 * Makes a member follow a leader, whatever data it holds, and checks that it does: in the background, until the next order.
 * Nothing is undone if it is interrupted; the next order starts from what there is.
 */
export class Follower {
  readonly leader: Leader;
  readonly epoch: number;
  /** It is being made a copy of the leader. */
  isCloning = false;
  readonly copy: CopyMeter;
  problem: EngineProblem | undefined;
  /** Settles when it follows, is being cloned, or cannot follow for now. @throws HAError HA_ERR_MEMBER_FOREIGN */
  readonly started: Promise<void>;
  readonly #database: Database;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #resolveStarted: () => void = () => {};
  #rejectStarted: (error: unknown) => void = () => {};

  constructor(database: Database, { leader, epoch }: Order<'follow'>) {
    this.#database = database;
    this.copy = new CopyMeter(database.context.clock);
    this.leader = leader;
    this.epoch = epoch;
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    this.started.catch(() => {});
    this.#done = this.#run(this.#stop.signal);
  }

  /** Whether it already carries out this order. */
  isFor({ leader: { member, host, port } }: Order<'follow'>): boolean {
    const { leader } = this;
    return leader.member === member && leader.host === host && leader.port === port;
  }

  /** Resolves when it has ended. */
  async cancel(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#join(signal);
        this.isCloning = false;
        this.#resolveStarted();
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (isHAError(error, 'HA_ERR_MEMBER_FOREIGN')) {
          this.problem = { reason: 'ForeignData', message: error.message };
          this.#rejectStarted(error);
          return;
        }
        const problem = problemOf(error, this.leader.member);
        this.#setProblem(problem);
        this.#resolveStarted();
        failures = problem.reason === 'CloneFailed' ? failures + 1 : 0;
        const ms = Math.min(retryMs * 2 ** failures, longestRetryMs);
        await sleep(this.#database.context.clock, ms, signal);
      }
    }
    this.#resolveStarted();
  }

  async #join(signal: AbortSignal): Promise<void> {
    const database = this.#database;
    const isUnfinished = await database.isUnfinished();
    const { identity } = database;
    if (identity === undefined || isUnfinished) {
      if (identity !== undefined) this.isCloning = true;
      const view = await this.#askUpstream(signal);
      if (identity !== undefined) this.#refuseForeign(view, identity);
      await this.#clone(view, undefined, signal);
      return;
    }
    const end = await fenceAndReplay(database, signal);
    const view = await this.#askUpstream(signal);
    this.#refuseForeign(view, identity);
    const timeline = await database.timelineOf(end, end.replayed);
    const own = (await database.timelines.history(timeline)) ?? parseTimelineHistory(timeline, '');
    let fork = Math.min(forkOf(own, view.history), view.flushed);
    if (
      end.replayed <= fork &&
      timeline > 1 &&
      !(await this.#hasSameWal(view, timeline, end.replayed, signal))
    ) {
      fork = beginOf(own);
    }
    if (end.replayed > fork) {
      await this.#discardOwn(view, { own, fork, end: end.replayed }, signal);
    } else if (!hasLogFrom(view, end.replayed)) {
      database.context.log.warn(
        { leader: this.leader },
        'the leader no longer has the log that this member needs: cloning again',
      );
      await this.#clone(view, undefined, signal);
    } else {
      await this.#storeHistory(view);
      await database.apply({ leader: this.leader, sync: detached.sync }, signal);
    }
  }

  async #hasSameWal(
    view: UpstreamView,
    timeline: number,
    end: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { settings, layout } = this.#database;
    const options = await settings.remote(this.leader);
    return (await hasSameWal(layout.data, { timeline, end }, view, options, signal)) ?? true;
  }

  /** Discards what only this member holds. It is counted first. */
  async #discardOwn(
    view: UpstreamView,
    range: Parameters<typeof recordLoss>[1]['range'],
    signal: AbortSignal,
  ): Promise<void> {
    const database = this.#database;
    this.isCloning = true;
    this.#resolveStarted();
    const note = { epoch: this.epoch, leader: this.leader.member, range };
    await recordLoss(database, { ...note, retained: undefined }, signal);
    await this.#stopServer(signal);
    const askAgain = () => this.#askUpstream(signal);
    const { leader, copy: meter } = this;
    if (await rewind(database, { leader, view, range, meter, askAgain }, signal)) {
      await this.#startFollowing(view, signal);
    } else {
      const retained = await this.#clone(view, this.epoch, signal);
      await recordLoss(database, { ...note, retained }, signal);
    }
  }

  async #clone(
    view: UpstreamView,
    retainAs: number | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const database = this.#database;
    const { tools, layout, settings, trash, context } = database;
    this.isCloning = true;
    if (this.problem?.reason !== 'CloneFailed') this.problem = undefined;
    this.#resolveStarted();
    const { leader, copy: meter } = this;
    const { clock, log } = context;
    log.info({ leader }, 'cloning the leader');
    await this.#stopServer(signal);
    let retained: string | undefined;
    try {
      const by = { tools, layout, settings, trash, clock, log, meter };
      retained = await baseBackup({ ...by, leader, retainAs, signal });
      await rm(layout.rewinding, { force: true });
    } finally {
      await database.refresh();
    }
    await this.#startFollowing(view, signal);
    return retained;
  }

  async #stopServer(signal: AbortSignal): Promise<void> {
    await this.#database.stop('fast', AbortSignal.any([signal, AbortSignal.timeout(stopMs)]));
    await this.#database.settings.prepare();
  }

  async #startFollowing(view: UpstreamView, signal: AbortSignal): Promise<void> {
    const database = this.#database;
    await this.#storeHistory(view);
    await database.start({ leader: this.leader, sync: detached.sync }, signal);
    // A rewound server answers only once it has received what it needs to be consistent.
    await database.until(signal);
    await rm(database.layout.rewinding, { force: true });
  }

  async #storeHistory({ timeline, historyText }: UpstreamView): Promise<void> {
    await this.#database.timelines.store(timeline, historyText);
    await this.#database.timelines.reserve(timeline);
  }

  /** Returns if the stream is down although the leader answers. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#database.context;
    let linkedAt = clock.now();
    for (;;) {
      await sleep(clock, watchMs, signal);
      const status = await this.#database.poller.ask(signal);
      if (status === 'down' || status.streaming) {
        linkedAt = clock.now();
        if (status !== 'down') {
          this.problem = status.isPaused
            ? await endPause(this.#database, this.leader, signal)
            : undefined;
        }
        // The passfile must hold the password of the leader for the next connection.
        if (this.#database.settings.isLoginChanging)
          await this.#askUpstream(signal).catch(() => {});
      } else if (clock.now() - linkedAt > unlinkedMs) {
        try {
          await this.#askUpstream(signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#setProblem(problemOf(error, this.leader.member));
          continue;
        }
        const message = `${this.leader.member} answers but sends no log: see the logs of both, and raise max_wal_senders if it is too low`;
        this.#setProblem({ reason: 'NotLinked', message });
        return;
      }
    }
  }

  #setProblem(problem: EngineProblem): void {
    if (this.problem?.reason !== problem.reason) {
      this.#database.context.log.warn({ leader: this.leader, ...problem }, 'cannot follow yet');
    }
    this.problem = problem;
  }

  /**
   * Each way to follow begins with this (pg_basebackup, pg_rewind, primary_conninfo): an order can name any server, and libpq would
   * give it the password in clear text. The agent's own client does not, and only a server that has proved to know the password
   * gets into the passfile.
   *
   * @throws what askUpstream throws; HAError HA_ERR_DATABASE if it does not lead (yet)
   */
  async #askUpstream(signal: AbortSignal): Promise<UpstreamView> {
    const { settings } = this.#database;
    const { view, login } = await askWithEach(settings, this.leader, signal);
    if (view.standby) {
      throw new HAError('HA_ERR_DATABASE', `${this.leader.member} takes no writes (yet)`);
    }
    await this.#database.matchVersion(this.leader.member, view.major, signal);
    await settings.writePassfile(this.leader, login);
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
