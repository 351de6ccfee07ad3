import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessGroup } from '../process-group.ts';
import type { Ending } from '../managed-engine.ts';
import type { Tools } from './tools.ts';

/** After how long an immediate shutdown is completed by SIGKILL. Milliseconds. */
const immediateMs = 2_000;
/** How often it is looked whether the server has begun to read its data. Milliseconds. */
const beginMs = 20;
/** Milliseconds. */
const refusalMs = 10_000;
/**
 * For a start whose output is read: in the one language that is understood here, and with the lines that are looked for, whatever the
 * settings are. The server that runs keeps those of its user.
 */
const readable = ['-c', 'lc_messages=C', '-c', 'log_min_messages=warning'];
/** How much of a line of its log is told. */
const quotedLength = 300;

/** The postmaster and the processes that it has started. */
export class Server {
  /** Settles when it has ended although neither `stop` nor `kill` was called. */
  readonly ended: Promise<Ending>;
  readonly #tools: Tools;
  readonly #data: string;
  #group: ProcessGroup | undefined;
  /** See tryStart. */
  #isTried = false;
  #fenceAndReplay: (ending: Ending) => void = () => {};

  constructor(tools: Tools, data: string) {
    this.#tools = tools;
    this.#data = data;
    this.ended = new Promise((resolve) => (this.#fenceAndReplay = resolve));
  }

  get pid(): number | undefined {
    return this.#group?.pid;
  }

  /** @throws HAError HA_ERR_PROGRAM_START */
  async start(args: readonly string[]): Promise<void> {
    if (this.#group !== undefined) return;
    await clearLeftOvers(this.#data);
    const { folder, osUser, env } = this.#tools;
    const group = await ProcessGroup.start([join(folder, 'postgres'), '-D', this.#data, ...args], {
      env,
      cwd: '/',
      ...(osUser === undefined ? {} : { user: osUser }),
    });
    this.#group = group;
    void group.ended.then((ending) => {
      if (this.#group !== group) return;
      this.#group = undefined;
      if (!this.#isTried) this.#fenceAndReplay(ending);
    });
  }

  /**
   * As `start`. If the server ends before it has begun to read its data, as its settings are wrong, then `ended` does not settle.
   * @returns why it has ended. @throws HAError HA_ERR_PROGRAM_START; the signal's reason
   */
  async tryStart(args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    this.#isTried = true;
    await this.start(args);
    const group = this.#group;
    while (this.#group === group && group !== undefined && !(await this.#hasBegun())) {
      await new Promise((resolve) => setTimeout(resolve, beginMs));
    }
    // Not if it was stopped or killed meanwhile.
    const hasEnded = this.#isTried && this.#group === undefined;
    this.#isTried = false;
    signal.throwIfAborted();
    return hasEnded ? this.#refusal(args, signal) : undefined;
  }

  /** Starts it once more, to read why it does not: its output is otherwise that of the container. */
  async #refusal(args: readonly string[], signal: AbortSignal): Promise<string> {
    const lines: string[] = [];
    const running = new AbortController();
    const onLine = (line: string) => {
      lines.push(line);
      // It does start now.
      if (line.includes('database system is ready')) running.abort();
      return false;
    };
    const either = AbortSignal.any([signal, running.signal]);
    const run = { signal: either, timeoutMs: refusalMs, onLine };
    await this.#tools
      .run('postgres', ['-D', this.#data, ...args, ...readable], run)
      .catch(() => {});
    signal.throwIfAborted();
    const fatal = lines.map((line) => /(?:FATAL|PANIC): +(.*)/.exec(line)?.[1]);
    const why = fatal.find((line) => line !== undefined) ?? lines[0] ?? 'see its log';
    return why.slice(0, quotedLength);
  }

  /** It has read its settings, and reads its data. */
  async #hasBegun(): Promise<boolean> {
    return (await this.#lockStatus()) !== '';
  }

  /** Whether it accepts sessions. Read from its lock file: trying a connection would fill its log. */
  async isUp(): Promise<boolean> {
    if (this.#group === undefined) return false;
    return /^(ready|standby)/.test(await this.#lockStatus());
  }

  async #lockStatus(): Promise<string> {
    const lock = await readFile(join(this.#data, 'postmaster.pid'), 'utf8').catch(() => '');
    const [pid, , , , , , , status = ''] = lock.split('\n');
    return Number(pid) === this.#group?.pid ? status : '';
  }

  /** Makes it read its settings again. Only for a server that has answered: an earlier signal would end it. */
  reload(): void {
    this.#group?.signal('SIGHUP');
  }

  /**
   * fast: writes a checkpoint and sends the rest of the log to the followers; immediate: as by a crash. SIGKILL follows if the
   * signal comes, and 2 s after an immediate stop. Resolves when no process is left.
   */
  async stop(how: 'fast' | 'immediate', signal?: AbortSignal): Promise<void> {
    const group = this.#group;
    this.#isTried = false;
    if (group === undefined) return;
    this.#group = undefined;
    const limits = [
      ...(signal === undefined ? [] : [signal]),
      ...(how === 'immediate' ? [AbortSignal.timeout(immediateMs)] : []),
    ];
    const limit = AbortSignal.any(limits);
    const kill = () => killAll(group);
    limit.addEventListener('abort', kill);
    try {
      if (limit.aborted) kill();
      else group.signal(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
      // A stopped process receives no signal but SIGKILL; a process that ends need not stay stopped.
      group.signal('SIGCONT');
      await group.ended;
    } finally {
      limit.removeEventListener('abort', kill);
    }
  }

  /** SIGKILL, as if it had ended by itself: `ended` settles. */
  abandon(): void {
    if (this.#group !== undefined) killAll(this.#group);
  }

  kill(): void {
    this.#isTried = false;
    const group = this.#group;
    this.#group = undefined;
    if (group !== undefined) killAll(group);
  }
}

/**
 * Each backend has a session of its own. If the postmaster is killed, a busy backend continues until it notices that, and could
 * still commit. So the postmaster is stopped first, to start no more backends, and then all are killed.
 */
function killAll(group: ProcessGroup): void {
  group.signal('SIGSTOP');
  for (const pid of childrenOf(group.pid)) send(pid, 'SIGKILL');
  group.signal('SIGKILL');
  for (const pid of childrenOf(group.pid)) send(pid, 'SIGKILL');
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && statOf(pid)?.parent === parent);
}

/** Name and parent of a process; undefined if it has ended, even as a zombie. */
function statOf(pid: number): { name: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = /^\d+ \((.*)\) ([^ZX]) (\d+) /s.exec(stat);
    return fields === null ? undefined : { name: fields[1] ?? '', parent: Number(fields[3]) };
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/**
 * Ends servers that an earlier agent has left running on these data; in a container there are none. And postmaster.pid of an
 * earlier container holds a process id that another process may have here, or a thread of this process: the server would refuse
 * to start.
 */
async function clearLeftOvers(data: string): Promise<void> {
  for (let left = serversOf(data); left.length > 0; left = serversOf(data)) {
    for (const pid of left) send(pid, 'SIGSTOP');
    for (const pid of left) send(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const path = join(data, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  // The server itself handles a process id that does not exist.
  if (pid > 0 && isThere(pid)) await rm(path, { force: true });
}

/** All of its processes have PGDATA as their working directory. */
function serversOf(data: string): number[] {
  const folder = realpathSync(data);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && statOf(pid)?.name === 'postgres' && workingFolder(pid) === folder);
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // The root of a container may not read another user's process.
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
