import { setTimeout as sleep } from 'node:timers/promises';
import { NumberSet } from '../workload/torture/number-set.ts';
import type { Testbed } from './testbed.ts';
import { keepsWrites } from './target/engines.ts';

type Numbers = Record<string, NumberSet>;

const readMs = 20_000;
const alikeMs = 15_000;
const askMs = 3_000;
const pauseMs = 200;

export interface Final {
  /** Writes that the primary holds, by client; undefined if the engine stores none, or they could not be read. */
  final?: Numbers;
  /** How the members differ, or why they could not be compared. */
  differs?: string;
}

/** Reads the final state, after all clients have stopped: from the primary, through the Service, and then from every other member. */
export async function readFinal(
  testbed: Testbed,
  run: string,
  signal: AbortSignal,
): Promise<Final> {
  if (!keepsWrites(testbed.target)) return {};
  const { view } = testbed;
  let final: Numbers | undefined;
  const failure = await retry(readMs, signal, async () => {
    const { answeredBy, numbers } = await read(testbed, run);
    const primary = view.primary()?.address;
    if (answeredBy !== primary)
      throw new Error(`${answeredBy} answers, but the primary is ${primary ?? 'unknown'}`);
    final = numbers;
  });
  if (final === undefined)
    return { differs: `the final state could not be read: ${failure ?? ''}` };
  const unlike = await Promise.all(
    view.followers().map(({ name, address }) =>
      retry(alikeMs, signal, async () => {
        const copy = await read(testbed, run, address);
        // Reads the primary again, after the copy: an abandoned write of a client may have arrived only now.
        const primary = await read(testbed, run);
        const difference = compare(primary.numbers, copy.numbers);
        if (difference !== undefined) throw new Error(`${name} ${difference}`);
      }),
    ),
  );
  const differs = unlike.find((each) => each !== undefined);
  return { final, ...(differs === undefined ? {} : { differs }) };
}

/** The first client that answers reads the numbers of all clients. */
async function read(testbed: Testbed, run: string, host?: string) {
  const request = {
    database: testbed.database(run, host),
    clients: testbed.clients.map(({ name }) => name),
    timeoutMs: askMs,
  };
  const { answeredBy, numbers } = await Promise.any(
    testbed.clients.map((client) => client.final(request)),
  );
  const sets = Object.entries(numbers).map(
    ([name, text]) => [name, NumberSet.parse(text)] as const,
  );
  return { answeredBy, numbers: Object.fromEntries(sets) };
}

/** How a copy differs from the primary, in words; undefined if it does not. */
export function compare(primary: Numbers, copy: Numbers): string | undefined {
  const count = (a: Numbers, b: Numbers) =>
    Object.entries(a).reduce((sum, [client, numbers]) => {
      return sum + numbers.minus(b[client] ?? new NumberSet()).size;
    }, 0);
  const [lacks, more] = [count(primary, copy), count(copy, primary)];
  return lacks + more === 0
    ? undefined
    : `lacks ${lacks} of the primary's writes, has ${more} others`;
}

/** Repeats until it succeeds. @returns the message of the last error if the time is over. */
async function retry(
  timeoutMs: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await work();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > deadline) return (error as Error).message;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
