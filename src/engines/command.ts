import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { HAError } from '../api/errors.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';
import { trackChild } from './track-child.ts';

export interface CommandOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** User that it runs as, if it is not that of this process. */
  user?: { uid: number; gid: number };
  /** Milliseconds; Infinity if only the signal ends it. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Standard input. Default: none. */
  input?: string;
  /** Called with each line of standard error. Lines for which it returns true are not copied to that of this process. */
  onLine?: (line: string) => boolean;
}

/** How long processes that it has left running may hold its output open. Milliseconds. */
const closeMs = 1_000;
/** How much of the last line the error quotes. */
const quotedLength = 300;
/** A longer line of its standard error is taken for several. Characters. */
const longestLine = 4_096;

/**
 * Runs a command to its end and returns its output. Its standard error goes to that of this process, too; the last line becomes
 * the error's message.
 *
 * @throws HAError HA_ERR_PROGRAM_START, HA_ERR_COMMAND_FAILED (exit code not 0), HA_ERR_COMMAND_TIMEOUT, or
 *   HA_ERR_COMMAND_OUTPUT if it prints more than 64 KiB; the signal's own reason if the signal ended it. In each case the
 *   command and its process group have ended.
 */
export async function runCommand(
  command: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { env, cwd, user, timeoutMs, signal, input, onLine = () => false } = options;
  signal.throwIfAborted();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
  });
  if (child.pid !== undefined) {
    trackChild(child.pid, new Promise((resolve) => child.once('exit', resolve)));
  }
  let stopped: Error | undefined;
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended.
    }
  };
  const stop = (reason: unknown) => {
    stopped ??= reason instanceof Error ? reason : new Error(String(reason));
    killGroup();
  };
  const late = () =>
    stop(new HAError('HA_ERR_COMMAND_TIMEOUT', `${program} took longer than ${timeoutMs} ms`));
  const timer = Number.isFinite(timeoutMs) ? setTimeout(late, timeoutMs) : undefined;
  const aborted = () => stop(signal.reason);
  signal.addEventListener('abort', aborted);
  try {
    const output = collect(child.stdout, () =>
      stop(new HAError('HA_ERR_COMMAND_OUTPUT', `${program} printed more than 64 KiB`)),
    );
    const lastLine = followLines(child.stderr, onLine);
    child.stdin?.on('error', () => {}).end(input);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new HAError('HA_ERR_PROGRAM_START', error.message, { cause: error })),
      );
      child.once('exit', (exitCode) => {
        killGroup();
        const close = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, closeMs);
        child.once('close', () => {
          clearTimeout(close);
          resolve(exitCode);
        });
      });
    });
    const line = lastLine();
    if (stopped !== undefined) throw stopped;
    if (code !== 0) {
      const how = code === null ? `was ended by ${child.signalCode}` : `exited with ${code}`;
      throw new HAError(
        'HA_ERR_COMMAND_FAILED',
        `${program} ${how}${line === '' ? '' : `: ${line}`}`,
      );
    }
    return output();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  }
}

function collect(stream: Readable | null, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) tooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}

/** Copies a stream to standard error by lines, and remembers the last line that is not empty and was copied. */
function followLines(stream: Readable | null, onLine: (line: string) => boolean): () => string {
  let begun = '';
  let last = '';
  const take = (line: string) => {
    if (onLine(line)) return;
    pass(`${line}\n`);
    if (line.trim() !== '') last = line.trim();
  };
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (begun + text).split('\n');
    begun = lines.pop() ?? '';
    lines.forEach(take);
    if (begun.length > longestLine) takeBegun();
  });
  const takeBegun = () => {
    if (begun !== '') take(begun);
    begun = '';
  };
  return () => {
    takeBegun();
    return last.slice(0, quotedLength);
  };
}

/** Not process.stderr: that would make the pipe non-blocking, also for the programs that share it. */
function pass(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nothing reads the log.
  }
}
