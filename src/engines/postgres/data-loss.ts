import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { memberReportSchema } from '../../protocol/member-protocol.ts';
import type { EngineReport } from '../managed-engine.ts';
import type { TimelineRange } from './timeline-history.ts';
import type { Layout } from './layout.ts';
import { writeFor } from './os-user.ts';
import { formatLsn } from './position.ts';
import type { Tools } from './tools.ts';

export type Loss = NonNullable<EngineReport['loss']>;

/** How long counting may take, as the member is not available meanwhile. Milliseconds. */
const countMs = 20_000;

const schema = memberReportSchema.shape.loss.unwrap();

export async function readLoss({ loss }: Layout): Promise<Loss | undefined> {
  try {
    const parsed = schema.parse(JSON.parse(await readFile(loss, 'utf8')));
    return definedOnly(parsed);
  } catch {
    return undefined;
  }
}

/** Stored beside the data, so that it survives a restart. */
export async function writeLoss(tools: Tools, layout: Layout, loss: Loss): Promise<void> {
  await writeFor(tools.osUser, layout.loss, `${JSON.stringify(loss)}\n`);
}

const definedOnly = ({ bytes, transactions, ...rest }: z.output<typeof schema>): Loss => ({
  ...rest,
  ...(bytes === undefined ? {} : { bytes }),
  ...(transactions === undefined ? {} : { transactions }),
});

/**
 * How many transactions were committed in the member's own log from `fork` to `end`, by pg_waldump; undefined if that log is no
 * longer there, or is too long to be counted in time. Transactions that wrote nothing do not appear in it.
 */
export async function countCommits(
  tools: Tools,
  data: string,
  history: readonly TimelineRange[],
  { fork, end }: { fork: number; end: number },
  signal: AbortSignal,
): Promise<number | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(countMs)]);
  let commits = 0;
  for (const part of history) {
    const from = Math.max(part.begin, fork);
    const to = Math.min(part.end, end);
    if (from >= to) continue;
    const range = ['-s', formatLsn(from), '-e', formatLsn(to), '-t', String(part.timeline)];
    try {
      const text = await tools.run(
        'pg_waldump',
        ['-p', `${data}/pg_wal`, ...range, '--rmgr=Transaction', '--stats=record'],
        { signal: limit, timeoutMs: countMs },
      );
      commits += commitsOf(text);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
  return commits;
}

/** Lines such as `Transaction/COMMIT    3 ( 75.00)  102 ( 63.75) ...`; a prepared one is a record of its own kind. */
function commitsOf(text: string): number {
  const lines = text.matchAll(/^\s*Transaction\/COMMIT(?:_PREPARED)?\s+(\d+)\s/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
