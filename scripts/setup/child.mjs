import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { say } from './stop.mjs';

/**
 * `code` is 128 + the signal's number when a signal ended the process; `stop` is set, and is such a code, when
 * this process was asked to stop meanwhile, whatever the other made of that.
 * @typedef {{ code: number, output: string, stop: number | undefined }} Ended
 */

/** npm, the shell and the terminal may each pass on the same Ctrl-C; within this many milliseconds it is one. */
const sameSignalMs = 1000;

/**
 * Runs a program to its end. SIGINT, SIGTERM and SIGHUP are passed on to it and its end is awaited, so that it can tidy up.
 * @param {string} program
 * @param {string[]} args
 * @param {{
 *   env?: NodeJS.ProcessEnv,
 *   cwd?: string,
 *   quiet?: boolean,
 *   uninterrupted?: boolean,
 *   onStart?: (pid: number) => void,
 * }} [options]
 *   quiet: the output is returned instead of shown; uninterrupted: signals wait until the program has ended
 * @returns {Promise<Ended>}
 * @throws the error of `spawn` where the program cannot be started, such as ENOENT
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // A group of its own keeps the terminal's Ctrl-C from it.
      detached: options.uninterrupted ?? false,
    });
    const onTerminal = [process.stdin, process.stdout, process.stderr].some((s) => s.isTTY);
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
        return;
      }
      // The terminal has already sent its Ctrl-C to the whole group; a second one would look like impatience.
      if (!(signal === 'SIGINT' && onTerminal)) child.kill(signal);
    };
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, pass);
    const done = () => {
      for (const signal of signals) process.off(signal, pass);
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
