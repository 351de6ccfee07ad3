import { access, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../lib/clock.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import { type ControlFile, readControlFile, readIdentity } from './control-file.ts';
import { type Layout, layoutOf } from './layout.ts';
import { type Loss, readLoss } from './data-loss.ts';
import { type OsUser, findOsUser, makeFolder, writeFor } from './os-user.ts';
import { StatusPoller } from './status-poller.ts';
import { Server } from './server.ts';
import { type Session, withSession } from './session.ts';
import { Settings, type Situation, alone } from './settings.ts';
import type { ServerStatus } from './status.ts';
import { Timelines } from './timelines.ts';
import { Tools, findPrograms, majorVersion } from './tools.ts';

/** How often something is asked that is awaited. Milliseconds. */
const pollMs = 20;
const statementMs = 10_000;

/** The data of this member and the server that runs on them: what its roles are made of. */
export class Database {
  readonly context: EngineContext;
  readonly layout: Layout;
  readonly tools: Tools;
  readonly settings: Settings;
  readonly server: Server;
  readonly pulse: StatusPoller;
  timelines: Timelines;
  /** System identifier; undefined: there are no data. */
  identity: string | undefined;
  /** Of the last clone or rewind. */
  loss: Loss | undefined;
  segmentBytes = 16 * 2 ** 20;
  /** What the server was last told, or started with; not all of its processes may know yet. */
  situation: Situation = alone;
  /** It may receive from a leader, and acknowledge: it was told to since it was last sure that it does not. */
  mayFollow = false;
  /** Every process of it knows that commits wait for somebody. */
  commitsWait = false;
  /** It may take writes: it was told to since it was started. */
  mayLead = false;
  /** It has replayed all that it had when it was started. */
  isWhole = false;

  private constructor(
    context: EngineContext,
    tools: Tools,
    more: { sockets: string; certificates: string; major: number },
  ) {
    this.context = context;
    this.tools = tools;
    this.layout = layoutOf(dataDir(context.config));
    this.settings = new Settings(context, this.layout, { owner: tools.owner, ...more });
    this.server = new Server(tools, this.layout.data);
    this.pulse = new StatusPoller(this.settings.local, context.clock, () => this.server.isUp());
    this.timelines = new Timelines(this.layout.data, tools.owner);
  }

  /** @throws HAError HA_ERR_PROGRAM_START */
  static async open(
    context: EngineContext,
    certificates: string,
    signal: AbortSignal,
  ): Promise<Database> {
    const layout = layoutOf(dataDir(context.config));
    const owner = await findOsUser([layout.data, layout.top]);
    const tools = new Tools(await findPrograms(context.env), owner, context.env, layout.settings);
    await makeFolder(layout.top, owner);
    await makeFolder(layout.settings, owner);
    const sockets = await makeSockets(layout, owner);
    const major = await majorVersion(tools, signal);
    const database = new Database(context, tools, { sockets, certificates, major });
    await rm(layout.clone, { recursive: true, force: true });
    await rm(layout.begun, { recursive: true, force: true });
    await database.look();
    await database.settings.prepare();
    await database.settings.entrust(undefined);
    database.loss = await readLoss(layout);
    return database;
  }

  /** After the data have been replaced. */
  async look(): Promise<void> {
    this.identity = await readIdentity(this.layout.data);
    this.timelines = new Timelines(this.layout.data, this.tools.owner);
  }

  /** A rewind was cut off, or the leader's log is missing that it needs: the data count for nothing. */
  async isUnfinished(): Promise<boolean> {
    return access(this.layout.rewinding).then(
      () => true,
      () => false,
    );
  }

  /** Starts the server as a standby, where it does not run. */
  async start(situation: Situation, signal: AbortSignal): Promise<void> {
    if (this.server.pid !== undefined) return;
    const { layout, tools, settings } = this;
    this.mayLead = false;
    this.isWhole = false;
    this.#note(situation);
    this.commitsWait = situation.sync !== '';
    // A volume that is given to a group (fsGroup) may have more rights than the server accepts.
    await chmod(layout.data, 0o700);
    await settings.prepare();
    await settings.say(situation);
    await rm(join(layout.data, 'recovery.signal'), { force: true });
    await writeFor(tools.owner, join(layout.data, 'standby.signal'), '');
    const control = await this.readControl(signal);
    this.segmentBytes = control.segmentBytes;
    await this.timelines.tidy(control.timeline, control.least);
    signal.throwIfAborted();
    await this.server.start(settings.serverArgs);
  }

  async readControl(signal: AbortSignal): Promise<ControlFile> {
    return readControlFile(this.tools, this.layout.data, signal);
  }

  async stop(how: 'fast' | 'immediate', signal?: AbortSignal): Promise<void> {
    this.pulse.close();
    await this.server.stop(how, signal);
    this.pulse.close();
    this.mayFollow = false;
  }

  /** Waits until the status is as wanted. @throws the signal's reason */
  async until(
    signal: AbortSignal,
    wanted: (status: ServerStatus) => boolean = () => true,
  ): Promise<ServerStatus> {
    for (;;) {
      const status = await this.pulse.ask(signal);
      if (status !== 'down' && wanted(status)) return status;
      await this.pause(signal);
    }
  }

  /** Tells the running server a new situation. Resolves when every process of it has been told. */
  async tell(situation: Situation, signal: AbortSignal): Promise<void> {
    this.#note(situation);
    await this.settings.say(situation);
    this.server.reload();
    const leader = situation.leader;
    const connection = leader === undefined ? '' : this.settings.connection('follow', leader);
    // A new session begins with what the postmaster knows, and when it does, it has signalled all others.
    for (;;) {
      const now = await this.session(signal, (session) =>
        session.row<{ sync: string; connection: string }>(
          `SELECT current_setting('synchronous_standby_names') AS sync, current_setting('primary_conninfo') AS connection`,
        ),
      );
      if (now.sync === situation.sync && now.connection === connection) return;
      await this.pause(signal);
    }
  }

  /** Over a connection of its own, as superuser. */
  async session<T>(
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
    timeoutMs = statementMs,
  ): Promise<T> {
    return withSession(this.settings.local, { signal, timeoutMs }, work);
  }

  /** Names the timeline of a status: that of the log at its end. */
  async timelineOf(status: ServerStatus, offset = status.offset): Promise<number> {
    const { timeline, standby } = status;
    if (timeline !== undefined && !standby) return timeline;
    const received =
      timeline === undefined ? undefined : await this.timelines.atReceiver(timeline, offset);
    return received ?? this.timelines.at(offset, this.segmentBytes);
  }

  #note(situation: Situation): void {
    this.situation = situation;
    if (situation.leader !== undefined) this.mayFollow = true;
    if (situation.sync === '') this.commitsWait = false;
  }

  async pause(signal: AbortSignal): Promise<void> {
    await sleep(this.context.clock, pollMs, signal);
    signal.throwIfAborted();
  }
}

/** A short path, as a socket's may have 107 bytes; the image's file system may be read-only. */
async function makeSockets({ settings }: Layout, owner: OsUser | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'haservice-postgres-')).catch(() =>
    join(settings, 'sockets'),
  );
  await makeFolder(folder, owner);
  return folder;
}
