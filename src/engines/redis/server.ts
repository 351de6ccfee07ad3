import { accessSync, constants, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { HAError, isHAError } from '../../api/errors.ts';
import { sleep } from '../../lib/clock.ts';
import { ProcessGroup } from '../process-group.ts';
import { type EngineContext, candidates, dataDir } from '../engine-context.ts';
import type { Ending, EngineProblem } from '../managed-engine.ts';
import { probes, refusedCommands } from './commands.ts';
import { findData } from './data-files.ts';
import { LocalClient } from './local-client.ts';
import { createUser } from './replication-user.ts';
import { defaultConfig, requiredConfig, userArgs } from './server-config.ts';
import { type ServerInfo, readInfo } from './server-info.ts';

/** How often a starting server is polled. Milliseconds. */
const pollMs = 10;
/** Between two looks whether a server that cannot be managed is to end. Milliseconds. */
const waitMs = 60_000;
const infoCommand = ['INFO', 'replication', 'persistence'];

/** The server's process and the connection to it. */
export class Server {
  /** Settles when it has ended although neither `stop` nor `kill` was called. */
  readonly ended: Promise<Ending>;
  /** One that the server accepts now. */
  password: string | undefined;
  /** How many times it has been started. */
  launches = 0;
  /** Why it cannot be started, or managed. */
  startProblem: EngineProblem | undefined;
  readonly #context: EngineContext;
  readonly #tls: string | undefined;
  #end: (ending: Ending) => void = () => {};
  #group: ProcessGroup | undefined;
  #client: LocalClient | undefined;
  #ready = false;
  /** Holds the socket and, while the server starts, its configuration. Only this user may enter it. */
  #folder: string | undefined;

  /** @param tls folder of its certificate, if it has one */
  constructor(context: EngineContext, tls: string | undefined) {
    this.#context = context;
    this.#tls = tls;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Whether it has loaded its data and can take orders. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Resolves once the server has loaded its data. If it refuses a command that the agent needs, ends it, and waits for the signal: only
   * another pod can help.
   *
   * @throws HAError HA_ERR_PROGRAM_START if the program is missing or does not start
   */
  async launch(signal: AbortSignal): Promise<void> {
    const { config, env, clock, log } = this.#context;
    const password = this.#context.passwords.current;
    this.password = password;
    this.launches++;
    const dir = dataDir(config);
    await mkdir(dir, { recursive: true });
    this.#folder ??= await privateFolder();
    const socket = join(this.#folder, 'socket');
    const [first, last] = [join(this.#folder, 'first.conf'), join(this.#folder, 'last.conf')];
    const snapshot = (await findData(dir)) === 'snapshot';
    const settings = {
      ...{ dir, socket, password, port: config.port },
      ...{ tls: this.#tls, appendOnly: !snapshot, memoryBytes: memoryBytes() },
    };
    await writeFile(first, defaultConfig(settings), { mode: 0o600 });
    await writeFile(last, requiredConfig(settings), { mode: 0o600 });
    const command = [serverProgram(env), first, ...userArgs(config.args), '--include', last];
    const group = await ProcessGroup.start(command, { env });
    this.#group = group;
    const failed = group.ended.then((ending) => {
      if (this.#group === group) this.#end(ending);
      throw new HAError('HA_ERR_PROGRAM_START', `the server ended (${JSON.stringify(ending)})`);
    });
    failed.catch(() => {});
    this.#client = new LocalClient(socket, () => this.password);
    const loaded = async () => {
      this.startProblem = await this.#refusal(signal);
      if (this.startProblem !== undefined) return;
      while (!(await this.#isUp(signal, password))) await sleep(clock, pollMs, signal);
      // Not in the configuration: a server with an aclfile of the user's would refuse to start.
      await this.call([createUser(config.service, candidates(this.#context.passwords))], signal);
      if (!snapshot) return;
      await this.call([['CONFIG', 'SET', 'appendonly', 'yes']], signal);
      while ((await this.info(signal)).rewriting) await sleep(clock, pollMs, signal);
    };
    await Promise.race([loaded(), failed]);
    // The server has read them; the password need not stay on the disk.
    await Promise.all([rm(first), rm(last)]);
    if (this.startProblem === undefined) {
      this.#ready = true;
      return;
    }
    log.error(this.startProblem, 'the server cannot be managed');
    this.kill();
    while (!signal.aborted) await sleep(clock, waitMs, signal);
    signal.throwIfAborted();
  }

  /** As LocalClient.call. */
  async call(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]> {
    return this.#started.call(commands, signal);
  }

  /** As LocalClient.send. */
  async send(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]> {
    return this.#started.send(commands, signal);
  }

  async info(signal: AbortSignal): Promise<ServerInfo> {
    return (await this.ask(signal)).info;
  }

  /** @returns also how many followers it needs to take a write (min-replicas-to-write) */
  async ask(signal: AbortSignal): Promise<{ info: ServerInfo; acks: number }> {
    const setting = ['CONFIG', 'GET', 'min-replicas-to-write'];
    const [info, value] = await this.call([infoCommand, setting], signal);
    return { info: readInfo(String(info)), acks: Number((value as string[])[1]) };
  }

  /**
   * Executes `commands`, and returns the state before and after them, with no other command in between. While the server loads
   * data from its leader it takes no orders: waits until it has.
   */
  async order(
    commands: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<{ before: ServerInfo; after: ServerInfo }> {
    for (;;) {
      try {
        const answers = await this.call([infoCommand, ...commands, infoCommand], signal);
        return { before: readInfo(String(answers[0])), after: readInfo(String(answers.at(-1))) };
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('LOADING'))) throw error;
        await sleep(this.#context.clock, pollMs, signal);
      }
    }
  }

  /** Starts it again, with the data on the disk. */
  async restart(signal: AbortSignal): Promise<void> {
    const group = this.#forget();
    group?.kill();
    await group?.ended;
    await this.launch(signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#forget()?.stop(signal);
    this.#cleanUp();
  }

  kill(): void {
    this.#forget()?.kill();
    this.#cleanUp();
  }

  get #started(): LocalClient {
    if (this.#client !== undefined) return this.#client;
    throw new HAError('HA_ERR_PROBE_REFUSED', 'the server is not started');
  }

  /** From now on its end is expected. */
  #forget(): ProcessGroup | undefined {
    const group = this.#group;
    this.#group = undefined;
    this.#ready = false;
    this.#client?.close();
    this.#client = undefined;
    return group;
  }

  #cleanUp(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  /** Resolves once the server answers, whether or not it has loaded its data. */
  async #refusal(signal: AbortSignal): Promise<EngineProblem | undefined> {
    for (;;) {
      try {
        return refusedCommands(await this.send(probes, signal));
      } catch (error) {
        if (!isHAError(error, 'HA_ERR_PROBE_REFUSED')) throw error;
        await sleep(this.#context.clock, pollMs, signal);
      }
    }
  }

  /** @param password with which it was started: it accepts that while it loads its data, which may take long */
  async #isUp(signal: AbortSignal, password: string | undefined): Promise<boolean> {
    signal.throwIfAborted();
    try {
      const { loading } = await this.info(signal);
      if (password !== undefined) this.#context.passwords.accept(password);
      return !loading;
    } catch (error) {
      if (isHAError(error, 'HA_ERR_PROBE_REFUSED')) return false;
      throw error;
    }
  }
}

/** In the container's own file system, which is new at each start; in memory if that is not writable. */
async function privateFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'haservice-'));
  } catch {
    return await mkdtemp('/dev/shm/haservice-');
  }
}

/** Node answers 0 or more than there is if the container has no limit. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Redis if it is installed, else Valkey. */
function serverProgram(env: NodeJS.ProcessEnv): string {
  const folders = (env['PATH'] ?? '').split(delimiter);
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  throw new HAError(
    'HA_ERR_PROGRAM_START',
    'neither redis-server nor valkey-server is on the PATH',
  );
}
