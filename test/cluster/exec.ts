import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** An error that the user can act on: only its message is shown. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Default 60,000. */
  timeoutMs?: number;
  input?: string;
  /** File for its standard input. */
  inputFile?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Called with each line of standard error. */
  onErrorLine?: (line: string) => void;
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output.
 * @throws ClusterError with the end of its standard error if it fails or takes too long.
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 60_000, input, inputFile, env, cwd, signal, onErrorLine } = options;
  const [program = '', ...args] = argv;
  const shown = argv.join(' ').slice(0, 200);
  return new Promise((resolve, reject) => {
    const file = inputFile === undefined ? undefined : openSync(inputFile, 'r');
    const child = spawn(program, args, {
      stdio: [file ?? (input === undefined ? 'ignore' : 'pipe'), 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (file !== undefined) closeSync(file);
    const out: Buffer[] = [];
    let errors = '';
    let partial = '';
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2_000);
      if (onErrorLine === undefined) return;
      const lines = (partial + chunk.toString()).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) onErrorLine(line);
    });
    child.on('error', (error) => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      else reject(new ClusterError(`cannot run ${shown}: ${error.message}`));
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const why =
        killedBy === 'SIGKILL' ? `took longer than ${timeoutMs} ms` : `exit ${code ?? killedBy}`;
      reject(new ClusterError(`${shown}: ${why}\n${errors.trim()}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
