import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { memberReportSchema } from '../../protocol/member-protocol.ts';
import type { EngineReport } from '../managed-engine.ts';
import type { Piece } from './timeline-history.ts';
import type { Layout } from './layout.ts';
import { writeFor } from './os-user.ts';
import { formatLsn } from './position.ts';
import type { Tools } from './tools.ts';

export type Loss = NonNullable<EngineReport['loss']>;

/** Milliseconds that counting may take, as the member is not there meanwhile. */
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

/** Remembered beside the data, so that a restart keeps it. */
export async function writeLoss(tools: Tools, layout: Layout, loss: Loss): Promise<void> {
  await writeFor(tools.owner, layout.loss, `${JSON.stringify(loss)}\n`);
}

const definedOnly = ({ bytes, transactions, ...rest }: z.output<typeof schema>): Loss => ({
  ...rest,
  ...(bytes === undefined ? {} : { bytes }),
  ...(transactions === undefined ? {} : { transactions }),
});

/**
 * How many transactions were committed in the own log from `fork` to `end`, by pg_waldump; undefined where the log is not there any
 * more, or is too long to be counted in time. Those that wrote nothing are not in it.
 */
export async function countCommits(
  tools: Tools,
  data: string,
  history: readonly Piece[],
  { fork, end }: { fork: number; end: number },
  signal: AbortSignal,
): Promise<number | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(countMs)]);
  let commits = 0;
  for (const piece of history) {
    const from = Math.max(piece.begin, fork);
    const to = Math.min(piece.end, end);
    if (from >= to) continue;
    const range = ['-s', formatLsn(from), '-e', formatLsn(to), '-t', String(piece.timeline)];
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
