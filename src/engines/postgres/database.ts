import { access, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../lib/clock.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { type ControlFile, readControlFile, readIdentity } from './control-file.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readDataVersion, refuseOtherVersion } from './data-version.ts';
import { type Loss, readLoss } from './data-loss.ts';
import { type Space, spaceOf } from './log-retention.ts';
import { type OsUser, findOsUser, makeFolder, writeFor } from './os-user.ts';
import { StatusPoller } from './status-poller.ts';
import { Server } from './server.ts';
import { Session, withSession } from './session.ts';
import { Settings, type ReplicationConfig, detached } from './settings.ts';
import { keptProblem, limitsToKeep } from './standby-limits.ts';
import type { ServerStatus } from './status.ts';
import { Timelines } from './timelines.ts';
import { Tools, findPrograms, majorVersion } from './tools.ts';
import { Trash } from './trash.ts';

/** How often a condition is polled. Milliseconds. */
const pollMs = 20;
const statementMs = 10_000;

/** The data of this member and the server that runs on them: the orders work with this. */
export class Database {
  readonly context: EngineContext;
  readonly layout: Layout;
  readonly tools: Tools;
  readonly settings: Settings;
  readonly server: Server;
  readonly poller: StatusPoller;
  readonly trash: Trash;
  /** Of the volume. */
  readonly space: () => Promise<Space>;
  /** Major version of the programs. */
  major: number;
  timelines: Timelines;
  /** System identifier; undefined: there are no data. */
  identity: string | undefined;
  /** The loss at the last clone or rewind. */
  loss: Loss | undefined;
  segmentBytes = 16 * 2 ** 20;
  /** The settings that the server was started with or last told; some of its processes may not know them yet. */
  replication: ReplicationConfig = detached;
  /** It may receive from a leader and acknowledge: it was told to follow, and has not surely stopped since. */
  mayFollow = false;
  /** Every process of the server knows that commits wait for a standby. */
  commitsWait = false;
  /** It may take writes: it was told to lead since its start. */
  mayLead = false;
  /** Limits with which the server was started, though lower ones are asked for. */
  keptLimits: EngineProblem | undefined;
  /** It has replayed all of the log that it had at its start. */
  hasReplayedAll = false;

  private constructor(
    context: EngineContext,
    tools: Tools,
    more: {
      sockets: string;
      certificates: string;
      major: number;
      space: () => Promise<Space>;
    },
  ) {
    this.context = context;
    this.tools = tools;
    this.major = more.major;
    this.layout = layoutOf(dataDir(context.config));
    this.settings = new Settings(context, this.layout, { osUser: tools.osUser, ...more });
    this.server = new Server(tools, this.layout.data);
    this.poller = new StatusPoller(this.settings.local, context.clock, () => this.server.isUp());
    this.timelines = new Timelines(this.layout.data, tools.osUser);
    this.space = more.space;
    this.trash = new Trash(this.layout.top, context.log);
  }

  /** `settings.prepare` comes next. @throws HAError HA_ERR_PROGRAM_START */
  static async open(
    context: EngineContext,
    certificates: string,
    signal: AbortSignal,
    measure = spaceOf,
  ): Promise<Database> {
    const layout = layoutOf(dataDir(context.config));
    const osUser = await findOsUser([layout.data, layout.top]);
    const folder = await findPrograms(context.env, await readDataVersion(layout.data));
    const tools = new Tools(folder, osUser, context.env, layout.settings);
    await makeFolder(layout.top, osUser);
    await makeFolder(layout.settings, osUser);
    const sockets = await makeSockets(layout, osUser);
    const major = await majorVersion(tools, signal);
    const database = new Database(context, tools, {
      ...{ sockets, certificates, major },
      space: () => measure(layout.top),
    });
    await database.trash.resume();
    await database.trash.add(layout.clone);
    await database.trash.add(layout.initdb);
    await database.refresh();
    await database.settings.writePassfile(undefined);
    database.loss = await readLoss(layout);
    return database;
  }

  /**
   * Chooses the programs for a copy of a leader, if there are no data yet and the image has several versions.
   * @throws HAError HA_ERR_OTHER_VERSION if there are none for it
   */
  async matchVersion(leader: string, major: number, signal: AbortSignal): Promise<void> {
    if (this.identity === undefined && major !== this.major) {
      const { tools, context } = this;
      const folder = await findPrograms(context.env, major);
      const found = new Tools(folder, tools.osUser, context.env, this.layout.settings);
      if ((await majorVersion(found, signal)) === major) {
        tools.folder = folder;
        this.major = major;
        this.settings.major = major;
      }
    }
    refuseOtherVersion(leader, major, this.major);
  }

  /** Called after the data have been replaced. */
  async refresh(): Promise<void> {
    this.identity = await readIdentity(this.layout.data);
    this.timelines = new Timelines(this.layout.data, this.tools.osUser);
  }

  /** Whether a rewind was interrupted, or log that it needs from the leader is missing: the data do not count. */
  async isUnfinished(): Promise<boolean> {
    return access(this.layout.rewinding).then(
      () => true,
      () => false,
    );
  }

  /** Starts the server as a standby, unless it runs. */
  async start(replication: ReplicationConfig, signal: AbortSignal): Promise<void> {
    if (this.server.pid !== undefined) return;
    await this.server.start(await this.#prepareStart(replication, signal));
  }

  /** Starts the server as a standby that follows nobody. @returns why it does not start: then it has not ended */
  async tryStart(signal: AbortSignal): Promise<string | undefined> {
    return this.server.tryStart(await this.#prepareStart(detached, signal), signal);
  }

  /** @returns the arguments of the server */
  async #prepareStart(replication: ReplicationConfig, signal: AbortSignal): Promise<string[]> {
    const { layout, tools, settings } = this;
    this.mayLead = false;
    this.hasReplayedAll = false;
    this.#note(replication);
    this.commitsWait = replication.sync !== '';
    // A volume with fsGroup may have more permissions than the server accepts.
    await chmod(layout.data, 0o700);
    await settings.prepare();
    await settings.write(replication);
    await rm(join(layout.data, 'recovery.signal'), { force: true });
    await writeFor(tools.osUser, join(layout.data, 'standby.signal'), '');
    const control = await this.readControl(signal);
    this.segmentBytes = control.segmentBytes;
    await this.timelines.tidy(control.timeline, control.least);
    const args = settings.serverArgs;
    const kept = await limitsToKeep(tools, layout.data, args, control.limits, signal);
    this.keptLimits = keptProblem(kept);
    signal.throwIfAborted();
    return [...args, ...kept.flatMap(({ name, needed }) => ['-c', `${name}=${needed}`])];
  }

  async readControl(signal: AbortSignal): Promise<ControlFile> {
    return readControlFile(this.tools, this.layout.data, signal);
  }

  async stop(how: 'fast' | 'immediate', signal?: AbortSignal): Promise<void> {
    this.poller.close();
    await this.server.stop(how, signal);
    this.poller.close();
    this.mayFollow = false;
  }

  /** Waits until the status satisfies `wanted`. @throws the signal's reason */
  async until(
    signal: AbortSignal,
    wanted: (status: ServerStatus) => boolean = () => true,
  ): Promise<ServerStatus> {
    for (;;) {
      const status = await this.poller.ask(signal);
      if (status !== 'down' && wanted(status)) return status;
      await this.pause(signal);
    }
  }

  /** Applies new settings to the running server. Resolves when every process of it has been signalled. */
  async apply(replication: ReplicationConfig, signal: AbortSignal): Promise<void> {
    this.#note(replication);
    await this.settings.write(replication);
    this.server.reload();
    const leader = replication.leader;
    const connection = leader === undefined ? '' : this.settings.connection('follow', leader);
    const isTold = ({ sync, connection: to }: ServerStatus) =>
      sync === replication.sync && to === connection;
    await this.until(signal, isTold);
    // The postmaster had begun to signal its processes then, and serves a new client only after all of them.
    await this.poller.knock(signal);
  }

  /** Runs `work` over a connection of its own, as superuser, also if clients have taken all connections. */
  async session<T>(
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
    timeoutMs = statementMs,
  ): Promise<T> {
    const { local } = this.settings;
    const open = (to: typeof local, either: AbortSignal) => Session.openAnyway(to, either);
    return withSession(local, { signal, timeoutMs }, work, open);
  }

  /** The timeline of the log at its end, or at `offset`. */
  async timelineOf(status: ServerStatus, offset = status.offset): Promise<number> {
    const { timeline, standby } = status;
    if (timeline !== undefined && !standby) return timeline;
    const received =
      timeline === undefined ? undefined : await this.timelines.atReceiver(timeline, offset);
    return received ?? this.timelines.at(offset, this.segmentBytes);
  }

  #note(replication: ReplicationConfig): void {
    this.replication = replication;
    if (replication.leader !== undefined) this.mayFollow = true;
    if (replication.sync === '') this.commitsWait = false;
  }

  async pause(signal: AbortSignal): Promise<void> {
    await sleep(this.context.clock, pollMs, signal);
    signal.throwIfAborted();
  }
}

/** A short path, as that of a socket may have 107 bytes; the image's file system may be read-only. */
async function makeSockets({ settings }: Layout, osUser: OsUser | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'haservice-postgres-')).catch(() =>
    join(settings, 'sockets'),
  );
  await makeFolder(folder, osUser);
  return folder;
}
