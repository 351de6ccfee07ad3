import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../process-group.ts';
import type { Ending } from '../managed-engine.ts';
import type { Tools } from './tools.ts';

/** Milliseconds after which an immediate shutdown is helped by SIGKILL. */
const immediateMs = 2_000;

/** The postmaster and the processes that it has started. */
export class Server {
  /** Settles when it has ended although nobody asked it to. */
  readonly ended: Promise<Ending>;
  readonly #tools: Tools;
  readonly #data: string;
  #child: Child | undefined;
  #settle: (ending: Ending) => void = () => {};

  constructor(tools: Tools, data: string) {
    this.#tools = tools;
    this.#data = data;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws HAError HA_ERR_PROGRAM_START */
  async start(args: readonly string[]): Promise<void> {
    if (this.#child !== undefined) return;
    await clearLeftOvers(this.#data);
    const { folder, owner, env } = this.#tools;
    const child = await Child.start([join(folder, 'postgres'), '-D', this.#data, ...args], {
      env,
      cwd: '/',
      ...(owner === undefined ? {} : { user: owner }),
    });
    this.#child = child;
    void child.ended.then((ending) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#settle(ending);
    });
  }

  /** Whether it lets sessions in. It writes that into its lock file: asking by a connection would fill its log. */
  async isUp(): Promise<boolean> {
    if (this.#child === undefined) return false;
    const lock = await readFile(join(this.#data, 'postmaster.pid'), 'utf8').catch(() => '');
    const [pid, , , , , , , status] = lock.split('\n');
    return Number(pid) === this.#child.pid && /^(ready|standby)/.test(status ?? '');
  }

  /** Reads its settings anew. Only for one that has answered: earlier, the signal would end it. */
  reload(): void {
    this.#child?.signal('SIGHUP');
  }

  /**
   * fast: writes a checkpoint, and lets the followers have all of the log; immediate: as a crash. Helped by SIGKILL when the
   * signal comes, after an immediate one in 2 s at the latest. Resolves when no process is left.
   */
  async stop(how: 'fast' | 'immediate', signal?: AbortSignal): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const limits = [
      ...(signal === undefined ? [] : [signal]),
      ...(how === 'immediate' ? [AbortSignal.timeout(immediateMs)] : []),
    ];
    const limit = AbortSignal.any(limits);
    const kill = () => killAll(child);
    limit.addEventListener('abort', kill);
    try {
      if (limit.aborted) kill();
      else child.signal(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
      // A stopped process gets no signal but SIGKILL; one that is going to end may as well go on.
      child.signal('SIGCONT');
      await child.ended;
    } finally {
      limit.removeEventListener('abort', kill);
    }
  }

  /** SIGKILL, as if it had ended by itself: `ended` tells. */
  abandon(): void {
    if (this.#child !== undefined) killAll(this.#child);
  }

  kill(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) killAll(child);
  }
}

/**
 * Each backend is in a session of its own, and when the postmaster is killed one that is busy goes on until it looks up: it could
 * still commit. So the postmaster is stopped first, that it starts no more, and all of them are killed.
 */
function killAll(child: Child): void {
  child.signal('SIGSTOP');
  for (const pid of childrenOf(child.pid)) send(pid, 'SIGKILL');
  child.signal('SIGKILL');
  for (const pid of childrenOf(child.pid)) send(pid, 'SIGKILL');
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && statOf(pid)?.parent === parent);
}

/** Name and parent of a process; undefined where it has ended, even if nobody has asked how. */
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
    // Gone.
  }
}

/**
 * What an earlier agent has left running on these data is ended: in a container there is nothing of the kind. And postmaster.pid of
 * an earlier container names a process id that may be anybody's here, even a thread's of this process: the server would
 * refuse to start.
 */
async function clearLeftOvers(data: string): Promise<void> {
  for (let left = serversOf(data); left.length > 0; left = serversOf(data)) {
    for (const pid of left) send(pid, 'SIGSTOP');
    for (const pid of left) send(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const path = join(data, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  // The server itself knows what to do about one that is gone.
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
    // A container's root may not look at another user's process.
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
