import { type ChildProcess, spawn } from 'node:child_process';
import { HAError } from '../api/errors.ts';
import type { Ending } from './managed-engine.ts';
import { trackChild } from './track-child.ts';

export interface ProcessOptions {
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** User that it runs as, if it is not that of this process. */
  user?: { uid: number; gid: number };
}

/**
 * A child process that leads a process group of its own, so that the processes which it has started can be ended with it. It
 * writes to the output of this process, and has no input.
 *
 * Processes that leave the group (the backends of Postgres do) survive a SIGKILL of the group, unless this process is the
 * container's process 1 and ends, too.
 */
export class ProcessGroup {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, pid: number) {
    this.#process = process;
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        // A shell may have ended and left its children running.
        this.#signalGroup('SIGKILL');
        resolve({ code, signal });
      });
    });
    trackChild(pid, this.ended);
  }

  /** @throws HAError HA_ERR_PROGRAM_START if the program does not exist or must not be run. */
  static async start(
    command: readonly string[],
    { env, cwd, user }: ProcessOptions,
  ): Promise<ProcessGroup> {
    const [program = '', ...args] = command;
    if (program === '') throw new HAError('HA_ERR_PROGRAM_START', 'the command is empty');
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
        // Such as a signal that could not be sent: the caller notices, as `ended` does not settle.
        process.on('error', () => {});
        return new ProcessGroup(process, pid);
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

  /** Signals the process alone, not its group. Does nothing if it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.running) this.#process.kill(name);
  }

  /** Asks the process to end; kills the group if the signal comes. Resolves when the process has ended. */
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

  /** SIGKILL to the process and its group. `ended` settles when it is gone. */
  kill(): void {
    if (!this.running) return;
    this.#signalGroup('SIGKILL');
  }

  #signalGroup(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      // The group has ended.
    }
  }
}
