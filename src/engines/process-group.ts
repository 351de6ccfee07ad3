import { type ChildProcess, spawn } from 'node:child_process';
import { HAError } from '../api/errors.ts';
import type { Ending } from './managed-engine.ts';
import { trackChild } from './track-child.ts';

export interface ChildOptions {
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Who it runs as, where that is not who this process runs as. */
  user?: { uid: number; gid: number };
}

/**
 * A program that runs as a child, in a process group of its own, so that what it has started itself can be ended with it.
 * It writes where this process writes, and reads nothing.
 *
 * What leaves the group (the backends of Postgres do) outlives a SIGKILL of the program, unless this process is the
 * container's process 1 and ends, too.
 */
export class Child {
  readonly pid: number;
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, pid: number) {
    this.#process = process;
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        // A shell may have ended and left behind what it had started.
        this.#signalGroup('SIGKILL');
        resolve({ code, signal });
      });
    });
    trackChild(pid, this.ended);
  }

  /** @throws HAError HA_ERR_PROGRAM_START where there is no such program, or it must not be run. */
  static async start(command: readonly string[], { env, cwd, user }: ChildOptions): Promise<Child> {
    const [program = '', ...args] = command;
    if (program === '') throw new HAError('HA_ERR_PROGRAM_START', 'its command is empty');
    try {
      const process = spawn(program, args, {
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
        ...(cwd === undefined ? {} : { cwd }),
        ...user,
      });
      const { pid } = process;
      if (pid !== undefined) {
        // Such as a signal that could not be sent: whoever waits for `ended` sees that nothing has come of it.
        process.on('error', () => {});
        return new Child(process, pid);
      }
      throw await new Promise<unknown>((resolve) => process.once('error', resolve));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new HAError('HA_ERR_PROGRAM_START', reason, { cause: error });
    }
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** To the program alone, not to what it has started. Does nothing where it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.running) this.#process.kill(name);
  }

  /** Asks it to end; when the signal comes it is killed. Resolves when it has ended. */
  async stop(signal: AbortSignal, first: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    const kill = () => this.kill();
    signal.addEventListener('abort', kill);
    try {
      if (signal.aborted) kill();
      else this.signal(first);
      return await this.ended;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** SIGKILL to it and to its process group. `ended` tells when it is gone. */
  kill(): void {
    if (!this.running) return;
    this.#signalGroup('SIGKILL');
  }

  #signalGroup(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      // Nobody of it is left.
    }
  }
}
