import { setTimeout as sleep } from 'node:timers/promises';
import { NumberSet } from '../workload/torture/number-set.ts';
import type { Arena } from './arena.ts';
import { keepsWrites } from './target/engines.ts';

type Numbers = Record<string, NumberSet>;

const readMs = 20_000;
const alikeMs = 15_000;
const askMs = 3_000;
const pauseMs = 200;

export interface Final {
  /** What the primary has, by client; undefined where nothing is kept, or it could not be read. */
  final?: Numbers;
  /** Why the members cannot be said to have the same. */
  differs?: string;
}

/** What is there after all clients have been stopped: at the primary, through the Service, and then at every other member. */
export async function readFinal(arena: Arena, run: string, signal: AbortSignal): Promise<Final> {
  if (!keepsWrites(arena.target)) return {};
  const { scene } = arena;
  let final: Numbers | undefined;
  const failure = await retry(readMs, signal, async () => {
    const { who, numbers } = await read(arena, run);
    const primary = scene.primary()?.address;
    if (who !== primary) throw new Error(`${who} answers, and ${primary ?? 'nobody'} is primary`);
    final = numbers;
  });
  if (final === undefined) return { differs: `the end could not be read: ${failure ?? ''}` };
  const unlike = await Promise.all(
    scene.followers().map(({ name, address }) =>
      retry(alikeMs, signal, async () => {
        const copy = await read(arena, run, address);
        // Read again, and later: what a client had given up may have reached the primary only now.
        const primary = await read(arena, run);
        const difference = compare(primary.numbers, copy.numbers);
        if (difference !== undefined) throw new Error(`${name} ${difference}`);
      }),
    ),
  );
  const differs = unlike.find((each) => each !== undefined);
  return { final, ...(differs === undefined ? {} : { differs }) };
}

/** Any client that can be reached asks: whoever it is, it is asked for all of them. */
async function read(arena: Arena, run: string, host?: string) {
  const request = {
    database: arena.database(run, host),
    clients: arena.clients.map(({ name }) => name),
    timeoutMs: askMs,
  };
  const { who, numbers } = await Promise.any(arena.clients.map((client) => client.final(request)));
  const sets = Object.entries(numbers).map(
    ([name, text]) => [name, NumberSet.parse(text)] as const,
  );
  return { who, numbers: Object.fromEntries(sets) };
}

/** What a copy has or lacks, in words; undefined where it is one. */
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

/** Tries until it works. @returns the last error's message where the time is over. */
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
