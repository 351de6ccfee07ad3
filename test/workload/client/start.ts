import { lookup } from 'node:dns/promises';
import { createWriteStream, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClient } from './client.ts';
import { readOptions } from './options.ts';
import { Reporter } from './report.ts';
import type { Address } from './request.ts';

/** A Service that was just made is not in the cluster's DNS yet. Milliseconds. */
const lookupMs = 30_000;
const lookupPauseMs = 200;

/**
 * Runs until SIGTERM or SIGINT, the time is over, or the pipe on standard input is closed, and then for as long as answers
 * are outstanding. Reports on standard output: see Report.
 */
export async function startClient(args: string[]): Promise<void> {
  const options = readOptions(args);
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  if (options.seconds !== undefined) {
    setTimeout(() => stop.abort(), options.seconds * 1000).unref();
  }
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) {
    process.stdin.on('close', () => stop.abort()).resume();
  }
  const addresses: Address[] = [];
  for (const { url } of options.targets) {
    addresses.push({ host: await resolve(url, stop.signal), url });
  }
  // Unlike process.stdout this never blocks when the reader is slow.
  const out = createWriteStream('', { fd: 1 });
  out.on('error', () => process.exit(1));
  const reporter = new Reporter(out);
  await runClient(options, addresses, reporter, stop.signal);
  reporter.flush();
  out.end();
  process.stdin.destroy();
}

async function resolve(url: URL, stop: AbortSignal): Promise<string> {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const deadline = performance.now() + lookupMs;
  for (;;) {
    try {
      return (await lookup(name)).address;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`${name} has no address after ${lookupMs / 1000} s of asking`, {
          cause: error,
        });
      }
      await sleep(lookupPauseMs, undefined, { signal: stop });
    }
  }
}
