import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { trackChild } from '../engines/track-child.ts';
import type { Log } from '../lib/log.ts';
import { type WatchdogState, containerArgument, watchdogArgument } from './watchdog-process.ts';

/**
 * The agent's side of the watchdog: a second process that enforces the lease if the agent cannot, because it is stopped alone
 * or blocked by a log that nothing reads. It takes 25 MB and is started only if leaders need leases.
 */
export class Watchdog {
  readonly #log: Log;
  readonly #clock: Clock;
  #process: ChildProcess | undefined;
  #state: WatchdogState = { deadline: null, pid: null };

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#start();
  }

  /** @param end end of the lease, on the agent's clock; undefined: no lease is in force. */
  watch(end: number | undefined, pid: number | undefined): void {
    this.#state = { deadline: end === undefined ? null : this.#nanoseconds(end), pid: pid ?? null };
    if (this.#process === undefined) this.#start();
    else this.#send();
  }

  /** The two clocks have different starting points. */
  #nanoseconds(end: number): string {
    const leftMs = end - this.#clock.now();
    return String(process.hrtime.bigint() + BigInt(Math.round(leftMs * 1e6)));
  }

  #start(): void {
    const [program, ...args] = watchdogCommand(process.argv[1] ?? '');
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'], env: {} });
    this.#process = child;
    const gone = (error?: unknown) => {
      if (this.#process !== child) return;
      // It is started again with the next grant.
      this.#process = undefined;
      this.#log.warn(
        { error },
        'the watchdog of the lease has ended: it is started again with the next grant',
      );
    };
    child.once('error', gone);
    child.once('exit', () => gone());
    if (child.pid !== undefined) {
      trackChild(child.pid, new Promise((resolve) => child.once('exit', resolve)));
    }
    child.stdin.on('error', () => {});
    // The watchdog must not keep the agent running.
    child.unref();
    this.#send();
  }

  #send(): void {
    this.#process?.stdin?.write(`${JSON.stringify(this.#state)}\n`);
  }
}

/** The command by which the agent starts itself again: by the loader that was installed with it, if there is one. */
function watchdogCommand(script: string): [string, ...string[]] {
  const folder = dirname(script);
  const loader = join(folder, 'lib/ld.so');
  const node = ['--max-old-space-size=16', '--max-semi-space-size=1', script, watchdogArgument];
  const args = process.pid === 1 ? [...node, containerArgument] : node;
  return existsSync(loader)
    ? [loader, '--library-path', join(folder, 'lib'), join(folder, 'bin/node'), ...args]
    : [process.execPath, ...args];
}
