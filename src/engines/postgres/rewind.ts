import type { Host } from './connection.ts';
import type { Database } from './database.ts';
import type { Piece } from './timeline-history.ts';
import type { UpstreamView } from './upstream.ts';
import { countCommits, writeLoss } from './data-loss.ts';
import { writeFor } from './os-user.ts';
import { formatLsn } from './position.ts';

/** The own log from where the leader's went another way. */
export interface Range {
  own: readonly Piece[];
  fork: number;
  end: number;
}

/** How long a new leader has for its first checkpoint, before a clone is the better way. Milliseconds. */
const checkpointMs = 60_000;
const pg_rewindMs = 3_600_000;

/** Counts and remembers what is about to be given up. */
export async function noteLoss(
  database: Database,
  note: { epoch: number; leader: string; range: Range; kept: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { tools, layout, context } = database;
  const { epoch, leader, range, kept } = note;
  const data = kept ?? layout.data;
  const transactions = await countCommits(tools, data, range.own, range, signal);
  const loss = {
    epoch,
    bytes: range.end - range.fork,
    ...(transactions === undefined ? {} : { transactions }),
    message: [
      `the log from ${formatLsn(range.fork)} to ${formatLsn(range.end)} was not in that of ${leader}`,
      transactions === undefined
        ? 'its transactions could not be counted'
        : `${transactions} transactions had been committed in it`,
      ...(kept === undefined ? [] : [`the old data are in ${kept}`]),
    ].join('; '),
  };
  context.log.warn({ loss }, 'what this member alone had is given up');
  // What a server writes by itself is nobody's.
  if (transactions === 0) return;
  await writeLoss(tools, layout, loss);
  database.loss = loss;
}

/**
 * Takes back, with pg_rewind, what was written since the fork. The server must have ended in order.
 * @returns false where it cannot be done, or was not: the data must be cloned then
 */
export async function rewind(
  database: Database,
  {
    leader,
    view,
    range,
    look,
  }: { leader: Host; view: UpstreamView; range: Range; look: () => Promise<UpstreamView> },
  signal: AbortSignal,
): Promise<boolean> {
  const { tools, layout, settings, context } = database;
  // pg_rewind tells logs apart by the numbers of their timelines alone.
  if (range.own.at(-1)?.timeline === view.timeline) return false;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(checkpointMs)]);
  for (let seen = view; seen.controlTimeline !== seen.timeline; seen = await look()) {
    signal.throwIfAborted();
    if (limit.aborted) return false;
    await database.pause(signal);
  }
  await writeFor(tools.owner, layout.rewinding, '');
  try {
    const source = settings.connection('rewind', leader);
    await tools.run('pg_rewind', ['-D', layout.data, `--source-server=${source}`], {
      signal,
      timeoutMs: pg_rewindMs,
    });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    context.log.warn({ error }, 'pg_rewind has failed: cloning anew');
    return false;
  } finally {
    await database.look();
  }
}
