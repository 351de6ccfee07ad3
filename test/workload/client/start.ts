import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClient } from './client.ts';
import { readOptions } from './options.ts';
import { reporting } from './reporting.ts';
import type { Address } from './request.ts';

/** The cluster's DNS does not know a new Service at once. Milliseconds. */
const lookupMs = 30_000;
const lookupPauseMs = 200;

/**
 * Runs until SIGTERM or SIGINT, the time is over, or the pipe on standard input is closed, and then until the last answers.
 * Reports on standard output: see Report.
 */
export async function startClient(args: string[]): Promise<void> {
  const options = readOptions(args);
  await reporting(options.seconds, async (reporter, stop) => {
    const addresses: Address[] = [];
    for (const { url } of options.targets) {
      addresses.push({ host: await resolve(url, stop), url });
    }
    await runClient(options, addresses, reporter, stop);
  });
}

async function resolve(url: URL, stop: AbortSignal): Promise<string> {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const deadline = performance.now() + lookupMs;
  for (;;) {
    try {
      return (await lookup(name)).address;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`the name ${name} could not be resolved within ${lookupMs / 1000} s`, {
          cause: error,
        });
      }
      await sleep(lookupPauseMs, undefined, { signal: stop });
    }
  }
}
