import { createWriteStream, fstatSync } from 'node:fs';
import { Reporter } from './report.ts';

/**
 * Runs a program that reports on standard output, until SIGTERM or SIGINT, the time is over, or the pipe on standard input is
 * closed: then aborts `stop` and waits for its end.
 */
export async function reporting(
  seconds: number | undefined,
  work: (reporter: Reporter, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  if (seconds !== undefined) setTimeout(() => stop.abort(), seconds * 1000).unref();
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) {
    process.stdin.on('close', () => stop.abort()).resume();
  }
  // Unlike process.stdout, this never blocks if the reader is slow.
  const out = createWriteStream('', { fd: 1 });
  out.on('error', () => process.exit(1));
  const reporter = new Reporter(out);
  await work(reporter, stop.signal);
  reporter.flush();
  out.end();
  process.stdin.destroy();
}
