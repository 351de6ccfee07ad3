import { setTimeout as sleep } from 'node:timers/promises';
import { NumberSet } from '../workload/torture/number-set.ts';
import type { Testbed } from './testbed.ts';
import { keepsWrites } from './target/engines.ts';

type Numbers = Record<string, NumberSet>;

const readMs = 20_000;
const alikeMs = 15_000;
/** A renewed certificate: members look for one once a minute. Milliseconds. */
const renewedMs = 120_000;
const askMs = 3_000;
const pauseMs = 200;

export interface Final {
  /** Writes that the primary holds, by client; undefined if the engine stores none, or they could not be read. */
  final?: Numbers;
  /** How the members differ, or why they could not be compared. */
  differs?: string;
}

/**
 * Reads the final state, after all clients have stopped: from the primary, through the Service, and then from every other member. The
 * former password and certificate are good for none of them.
 */
export async function readFinal(
  testbed: Testbed,
  run: string,
  signal: AbortSignal,
): Promise<Final> {
  if (!keepsWrites(testbed.target)) return {};
  const { view, credentials } = testbed;
  const extraMs = credentials?.isRenewed === true ? renewedMs : 0;
  let final: Numbers | undefined;
  const failure = await retry(readMs + extraMs, signal, async () => {
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
      retry(alikeMs + extraMs, signal, async () => {
        const copy = await read(testbed, run, address);
        // Reads the primary again, after the copy: an abandoned write of a client may have arrived only now.
        const primary = await read(testbed, run);
        const difference = compare(primary.numbers, copy.numbers);
        if (difference !== undefined) throw new Error(`${name} ${difference}`);
      }),
    ),
  );
  const former = credentials?.former;
  const unretired = former === undefined ? [] : await whoTakes(testbed, run, former, signal);
  const differs = [...unlike, ...unretired].find((each) => each !== undefined);
  return { final, ...(differs === undefined ? {} : { differs }) };
}

/** The members that accept the former password, though every member has taken the new one over. */
async function whoTakes(testbed: Testbed, run: string, former: string, signal: AbortSignal) {
  return Promise.all(
    testbed.view.members().map(({ name, address }) =>
      retry(alikeMs, signal, async () => {
        const { database, ...request } = requestOf(testbed, run, address);
        const [client] = testbed.clients;
        const refused = await client
          ?.final({ ...request, database: { ...database, passwords: [former] } })
          .then(() => false)
          .catch((error: unknown) => (error as Error).message.includes('WrongPassword'));
        if (refused !== true) throw new Error(`${name} does not refuse the former password`);
      }),
    ),
  );
}

/** The first client that answers reads the numbers of all clients. */
async function read(testbed: Testbed, run: string, host?: string) {
  const request = requestOf(testbed, run, host);
  const { answeredBy, numbers } = await Promise.any(
    testbed.clients.map((client) => client.final(request)),
  );
  const sets = Object.entries(numbers).map(
    ([name, text]) => [name, NumberSet.parse(text)] as const,
  );
  return { answeredBy, numbers: Object.fromEntries(sets) };
}

const requestOf = (testbed: Testbed, run: string, host?: string) => ({
  database: testbed.database(run, host, 'inForce'),
  clients: testbed.clients.map(({ name }) => name),
  timeoutMs: askMs,
});

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
