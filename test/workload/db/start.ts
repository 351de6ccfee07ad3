import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { reporting } from '../client/reporting.ts';
import { type Stream, runStreams } from '../client/streams.ts';
import type { Database } from '../torture/session.ts';
import { databaseOf } from './database.ts';
import { readDbOptions } from './options.ts';
import { WriteStream } from './write.ts';

const prepareMs = 5_000;
const pauseMs = 500;

/** Writes to databases until it is stopped, and reports as the HTTP client does: see Report. */
export async function startDbClient(args: string[]): Promise<void> {
  const { targets, intervalMs, timeoutMs } = readDbOptions(args);
  await reporting(undefined, async (reporter, stop) => {
    const databases = targets.map(({ url }) => databaseOf(url, timeoutMs, stop));
    for (const database of databases) await prepare(database, stop);
    const writers: WriteStream[] = [];
    const streams = targets.flatMap(({ name }, i) =>
      (['new', 'kept'] as const).flatMap((kind): Stream[] => {
        const database = databases[i];
        if (database === undefined) return [];
        const writer = new WriteStream(database, randomUUID(), timeoutMs, kind === 'kept');
        writers.push(writer);
        return [{ name, kind, send: () => writer.send() }];
      }),
    );
    await runStreams(streams, intervalMs, reporter, stop);
    for (const writer of writers) writer.close();
  });
}

/** Repeats until it succeeds: the database may not be up yet. */
async function prepare(database: Database, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const late = AbortSignal.any([stop, AbortSignal.timeout(prepareMs)]);
    try {
      const session = await database.connect(late);
      const end = () => session.close();
      late.addEventListener('abort', end, { once: true });
      try {
        await database.prepare?.(session);
        return;
      } finally {
        end();
      }
    } catch (error) {
      console.error((error as Error).message);
      await sleep(pauseMs, undefined, { signal: stop });
    }
  }
}
