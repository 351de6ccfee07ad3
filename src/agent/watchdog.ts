import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { trackChild } from '../engines/track-child.ts';
import type { Log } from '../telemetry/log.ts';
import { type Watch, containerArgument, guardArgument } from './watchdog-process.ts';

/**
 * The agent's side of its guard: a second process that holds the leader to its lease where the agent cannot, because it is
 * stopped alone, or blocked by a log that nobody reads. It costs 25 MB and is started only where there are leases.
 */
export class Watchdog {
  readonly #log: Log;
  readonly #clock: Clock;
  #process: ChildProcess | undefined;
  #told: Watch = { deadline: null, pid: null };

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#start();
  }

  /** @param end of the lease, on the agent's clock; undefined: none is in force. */
  watch(end: number | undefined, pid: number | undefined): void {
    this.#told = { deadline: end === undefined ? null : this.#nanoseconds(end), pid: pid ?? null };
    if (this.#process === undefined) this.#start();
    else this.#tell();
  }

  /** The two clocks differ by when they began to count. */
  #nanoseconds(end: number): string {
    const leftMs = end - this.#clock.now();
    return String(process.hrtime.bigint() + BigInt(Math.round(leftMs * 1e6)));
  }

  #start(): void {
    const [program, ...args] = guardCommand(process.argv[1] ?? '');
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'], env: {} });
    this.#process = child;
    const gone = (error?: unknown) => {
      if (this.#process !== child) return;
      // It comes back with the next grant.
      this.#process = undefined;
      this.#log.warn({ error }, 'the guard of the lease has ended');
    };
    child.once('error', gone);
    child.once('exit', () => gone());
    if (child.pid !== undefined) {
      trackChild(child.pid, new Promise((resolve) => child.once('exit', resolve)));
    }
    child.stdin.on('error', () => {});
    // The agent ends when its own work does.
    child.unref();
    this.#tell();
  }

  #tell(): void {
    this.#process?.stdin?.write(`${JSON.stringify(this.#told)}\n`);
  }
}

/** How the agent starts itself once more: by the loader that was installed with it, where it was. */
function guardCommand(script: string): [string, ...string[]] {
  const folder = dirname(script);
  const loader = join(folder, 'lib/ld.so');
  const node = ['--max-old-space-size=16', '--max-semi-space-size=1', script, guardArgument];
  const args = process.pid === 1 ? [...node, containerArgument] : node;
  return existsSync(loader)
    ? [loader, '--library-path', join(folder, 'lib'), join(folder, 'bin/node'), ...args]
    : [process.execPath, ...args];
}
