import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { say } from './stop.mjs';

/**
 * `code` is 128 + the signal's number when a signal ended the process; `stop` is set, and is such a code, when
 * this process was asked to stop meanwhile, whatever the other made of that.
 * @typedef {{ code: number, output: string, stop: number | undefined }} Ended
 */

/** npm and the shell may each pass on the same Ctrl-C; within this many milliseconds it is one. */
const sameSignalMs = 1000;
/** After a time limit, how long a program has to tidy up. */
const tidyMs = 15_000;

/**
 * Runs a program to its end. SIGINT, SIGTERM and SIGHUP reach it once each, and its end is awaited, so that it can tidy up.
 * @param {string} program
 * @param {string[]} args
 * @param {{
 *   env?: NodeJS.ProcessEnv,
 *   cwd?: string,
 *   quiet?: boolean,
 *   uninterrupted?: boolean,
 *   timeoutMs?: number,
 *   onStart?: (pid: number) => void,
 * }} [options]
 *   quiet: the output is returned instead of shown; uninterrupted: signals wait until the program has ended
 * @returns {Promise<Ended>}
 * @throws the error of `spawn` if the program cannot be started, such as ENOENT
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const onTerminal = [process.stdin, process.stdout, process.stderr].some((s) => s.isTTY);
    // The terminal sends its Ctrl-C to the whole group. In a group of its own the child gets only what is passed on.
    const detached = (options.uninterrupted ?? false) || !onTerminal;
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      detached,
    });
    /** @param {NodeJS.Signals} signal */
    const send = (signal) => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(detached ? -child.pid : child.pid, signal);
    };

    /** @type {number | undefined} */
    let stop;
    let lastAt = 0;
    /** @param {NodeJS.Signals} signal */
    const pass = (signal) => {
      if (Date.now() - lastAt < sameSignalMs) return;
      lastAt = Date.now();
      stop = 128 + constants.signals[signal];
      if (options.uninterrupted) {
        say(`${program} must not be cut short: stopping as soon as it is done`);
      } else if (detached || signal !== 'SIGINT') {
        send(signal);
      }
    };
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, pass);
    const { timeoutMs } = options;
    const timers = timeoutMs
      ? [
          setTimeout(() => {
            say(`${program} took longer than ${timeoutMs / 60_000} minutes: ending it`);
            send('SIGTERM');
          }, timeoutMs),
          setTimeout(() => send('SIGKILL'), timeoutMs + tidyMs),
        ]
      : [];
    const done = () => {
      for (const signal of signals) process.off(signal, pass);
      for (const timer of timers) clearTimeout(timer);
    };

    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('spawn', () => options.onStart?.(child.pid ?? 0));
    child.on('close', (code, signal) => {
      done();
      resolve({ code: signal ? 128 + constants.signals[signal] : (code ?? 1), output, stop });
    });
  });
}

/** @param {string} output */
export function tail(output, lines = 20) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
