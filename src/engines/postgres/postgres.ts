import { rm } from 'node:fs/promises';
import { tlsFolder } from '../../protocol/agent-config.ts';
import { HAError } from '../../api/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import type { EngineContext } from '../engine-context.ts';
import {
  type Ending,
  type EngineReport,
  type ManagedEngine,
  type EngineProblem,
  problemFields,
} from '../managed-engine.ts';
import { initDataDirectory } from './initdb.ts';
import { Database } from './database.ts';
import { Follower } from './follower.ts';
import { fence } from './fence.ts';
import { FreeReplay } from './free-replay.ts';
import { LeaderWatch } from './leader-watch.ts';
import { secretOf, wishedKind } from './login.ts';
import { checkpoint, promote } from './promote.ts';
import { syncNames } from './quote.ts';
import { startServer } from './start-problem.ts';
import { RenewedSecrets } from './renewed-secrets.ts';
import { detached } from './settings.ts';
import { spaceOf } from './log-retention.ts';
import type { ServerStatus } from './status.ts';
import { VolumeWatch } from './volume-watch.ts';

/** How often it is checked whether what keeps the server from its start has been mended. Milliseconds. */
const waitMs = 2_000;

/** PostgreSQL, 13 or later. docs/engines.md */
export class PostgresEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  startProblem: EngineProblem | undefined;
  readonly #context: EngineContext;
  readonly #certificates: string;
  #database: Database | undefined;
  #follower: Follower | undefined;
  /** Aborts background work of the last order. */
  #background = new AbortController();
  #sync: Order<'promote'>['sync'];
  readonly #watch: LeaderWatch;
  readonly #volume: VolumeWatch;
  readonly #replay: FreeReplay;
  readonly #measure: typeof spaceOf;
  #caughtUpAt = 0;
  readonly #secrets: RenewedSecrets;
  #fenceAndReplay: (ending: Ending) => void = () => {};

  /**
   * @param certificates folder of tls.crt, tls.key and ca.crt
   * @param measure measures the volume of a folder
   */
  constructor(context: EngineContext, certificates = tlsFolder, measure = spaceOf) {
    this.#context = context;
    this.#certificates = certificates;
    this.#secrets = new RenewedSecrets(context);
    this.#watch = new LeaderWatch(context.clock);
    this.#volume = new VolumeWatch(context.clock);
    this.#replay = new FreeReplay(context.clock);
    this.#measure = measure;
    this.ended = new Promise((resolve) => (this.#fenceAndReplay = resolve));
  }

  get pid(): number | undefined {
    return this.#database?.server.pid;
  }

  async start(signal: AbortSignal): Promise<void> {
    const database = await Database.open(this.#context, this.#certificates, signal, this.#measure);
    this.#database = database;
    void database.server.ended.then((ending) => {
      database.poller.close();
      this.#fenceAndReplay(ending);
    });
    for (;;) {
      this.startProblem = await startServer(database, signal);
      if (this.startProblem === undefined) return;
      this.#secrets.accept();
      await sleep(this.#context.clock, waitMs, signal);
      signal.throwIfAborted();
    }
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const database = this.#opened;
    const follower = this.#follower;
    const { loss } = database;
    this.#secrets.accept();
    const problems = this.#problems(follower);
    const common = {
      ...(database.identity === undefined ? {} : { identity: database.identity }),
      ...(loss === undefined ? {} : { loss }),
      ...problemFields(problems),
    };
    if (follower?.isCloning === true) {
      const { leader, copy } = follower;
      const { report: made } = copy;
      const said = made === undefined ? {} : { copy: made };
      return { state: 'Cloning', leader: leader.member, ...said, ...common };
    }
    const follows = follower !== undefined;
    if (database.identity === undefined) {
      this.#secrets.take(database, { status: 'none', follows });
      return { state: 'Empty', ...common };
    }
    if (await database.isUnfinished()) return { state: 'Cloning', ...common };
    const told = database.replication.sync;
    const status = await database.poller.ask(signal);
    this.#secrets.take(database, { status, follows });
    if (status === 'down') return { state: 'Starting', ...common };
    this.#watchLeader(database, status, told);
    if (this.#volume.isRefreshDue) {
      this.#inBackground('the check of the volume', (aside) =>
        this.#volume.refresh(database, aside),
      );
    }
    return { ...(await this.#roleReport(database, status)), ...common };
  }

  async promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    const database = await this.#endBackground();
    if (database.identity === undefined) {
      if (!order.init) throw new HAError('HA_ERR_MEMBER_EMPTY', 'the member cannot be promoted');
      const { tools, layout } = database;
      const { passwords, config } = this.#context;
      const login = { password: passwords.current, kind: wishedKind(passwords) };
      const made = {
        password: passwords.current,
        replicationPassword: secretOf(login, config.service),
        args: config.args,
      };
      await initDataDirectory(tools, layout, made, signal);
      await database.refresh();
    }
    if (await database.isUnfinished()) {
      throw new HAError(
        'HA_ERR_MEMBER_EMPTY',
        'the data of the member are from an unfinished rewind',
      );
    }
    await database.start(detached, signal);
    const isNew = await promote(database, order, signal);
    this.#sync = order.sync ?? { members: [], acks: 0 };
    if (!isNew) return;
    this.#inBackground('checkpoint', (aside) => checkpoint(database, aside));
    await this.#secrets.ensure(database);
  }

  async follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    if (this.#follower?.isFor(order) !== true) {
      const database = await this.#endBackground();
      this.#caughtUpAt = this.#context.clock.now();
      this.#follower = new Follower(database, order);
    }
    const { started } = this.#follower;
    await new Promise<void>((resolve, reject) => {
      const aborted = () => reject(signal.reason as Error);
      signal.addEventListener('abort', aborted, { once: true });
      started.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    });
  }

  async fence(signal: AbortSignal): Promise<void> {
    const database = await this.#endBackground();
    if (database.identity === undefined || (await database.isUnfinished())) return;
    await fence(database, signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    // See startProblem.
    if (this.#database === undefined) return;
    const database = await this.#endBackground();
    await database.stop('fast', signal);
    await rm(database.settings.sockets, { recursive: true, force: true });
  }

  kill(): void {
    this.#background.abort();
    this.#database?.server.kill();
  }

  get #opened(): Database {
    if (this.#database === undefined) {
      throw new HAError('HA_ERR_DATABASE', 'the server has not been started yet');
    }
    return this.#database;
  }

  /** Ends the background work of the last order. */
  async #endBackground(): Promise<Database> {
    this.#background.abort();
    this.#background = new AbortController();
    const follower = this.#follower;
    await follower?.cancel();
    this.#follower = undefined;
    return this.#opened;
  }

  #inBackground(what: string, work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#background;
    work(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#context.log.warn({ error }, `${what} has failed`);
    });
  }

  async #roleReport(database: Database, status: ServerStatus): Promise<EngineReport> {
    if (!status.standby && !database.mayLead) {
      this.#context.log.error({}, 'another client has promoted the server: ending it');
      database.server.abandon();
      return { state: 'Starting' };
    }
    const position = { term: await database.timelineOf(status), offset: status.offset };
    if (!status.standby) {
      const sync = this.#sync;
      const isInForce = sync !== undefined && status.sync === syncNames(sync);
      return { state: 'Leading', position, ...(isInForce ? { sync } : {}) };
    }
    // Until then there may be more in its log than it reports.
    database.hasReplayedAll ||= status.idle || status.streaming;
    const follower = this.#follower;
    if (!database.hasReplayedAll) {
      if (follower === undefined) {
        this.#inBackground('freeing the replay of the log', (aside) =>
          this.#replay.check(database, status, aside),
        );
      }
      return { state: 'Starting' };
    }
    // It was told to stop following, but may not have done so: it still acknowledges what it receives.
    if (follower === undefined && database.mayFollow) {
      return { state: 'Following', linked: status.streaming, position };
    }
    if (follower === undefined || follower.problem?.reason === 'ForeignData') {
      return { state: 'Detached', position };
    }
    const now = this.#context.clock.now();
    const isCaughtUp = status.streaming && status.caughtUp && !status.isPaused;
    if (isCaughtUp) this.#caughtUpAt = now;
    return {
      state: 'Following',
      leader: follower.leader.member,
      linked: status.streaming,
      lagMs: isCaughtUp ? 0 : Math.round(now - this.#caughtUpAt),
      position,
    };
  }

  /** @param told the setting that the server had been told before it was asked: an order may have changed it since */
  #watchLeader(database: Database, { standby, sync: names }: ServerStatus, told: string): void {
    const sync = this.#sync;
    if (standby || !database.mayLead || sync === undefined) return;
    const known = [told, database.replication.sync, syncNames(sync)];
    if (!known.includes(names)) this.#watch.noteOtherNames(names, sync);
    if (!this.#watch.isDue) return;
    this.#inBackground('the check of the settings', (aside) =>
      this.#watch.check(database, sync, aside),
    );
  }

  /** The most urgent first. */
  #problems(follower: Follower | undefined): (EngineProblem | undefined)[] {
    const database = this.#opened;
    if (this.#volume.isLookDue) {
      this.#inBackground('the look at the volume', () => this.#volume.look(database));
    }
    const ofLeader = database.mayLead ? this.#watch.problems : [];
    const ofVolume = this.#volume.problem;
    const problems = [
      follower?.problem,
      ...this.#secrets.problemsOf(database),
      ...ofLeader,
      database.poller.problem,
      database.keptLimits,
      database.settings.ignoredArgs,
    ];
    return ofVolume?.reason === 'DataRetained' ? [...problems, ofVolume] : [ofVolume, ...problems];
  }
}
