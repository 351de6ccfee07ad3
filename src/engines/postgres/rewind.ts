import { rm } from 'node:fs/promises';
import { HAError } from '../../api/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { CopyMeter } from '../copy-meter.ts';
import type { Host } from './connection.ts';
import type { Database } from './database.ts';
import type { TimelineRange } from './timeline-history.ts';
import type { UpstreamView } from './upstream.ts';
import { countCommits, writeLoss } from './data-loss.ts';
import { writeFor } from './os-user.ts';
import { ToolProgress } from './tool-progress.ts';
import { formatLsn } from './position.ts';
import { isNotConnected, roleForRewind } from './rewind-source.ts';

/** The member's own log from the point at which the leader's log diverged. */
export interface Range {
  own: readonly TimelineRange[];
  fork: number;
  end: number;
}

/** How long a new leader may be without its first checkpoint and not write one, before a clone is the better way. Milliseconds. */
const noCheckpointMs = 60_000;
const checkEveryMs = 100;

/** Counts and stores what is about to be discarded. */
export async function recordLoss(
  database: Database,
  note: { epoch: number; leader: string; range: Range; retained: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { tools, layout, context } = database;
  const { epoch, leader, range, retained } = note;
  const data = retained ?? layout.data;
  const transactions = await countCommits(tools, data, range.own, range, signal);
  const loss = {
    epoch,
    bytes: range.end - range.fork,
    ...(transactions === undefined ? {} : { transactions }),
    message: [
      `the log from ${formatLsn(range.fork)} to ${formatLsn(range.end)} was missing in that of ${leader}`,
      transactions === undefined
        ? 'its transactions could not be counted'
        : `${transactions} transactions had been committed in it`,
      ...(retained === undefined
        ? []
        : [`the old data are in ${retained}: remove that folder when you need it no more`]),
    ].join('; '),
  };
  context.log.warn({ loss }, 'discarding data that only this member holds');
  // A server also writes log by itself: that is no loss.
  if (transactions === 0) return;
  await writeLoss(tools, layout, loss);
  database.loss = loss;
}

/**
 * Undoes with pg_rewind what was written since the fork. The server must have ended in order.
 * @returns false if it cannot be done, or has failed: the member must be cloned then
 * @throws if the leader lets nobody in for now; nothing was changed
 */
export async function rewind(
  database: Database,
  {
    leader,
    view,
    range,
    meter,
    askAgain,
  }: {
    leader: Host;
    view: UpstreamView;
    range: Range;
    meter: CopyMeter;
    askAgain: () => Promise<UpstreamView>;
  },
  signal: AbortSignal,
): Promise<boolean> {
  const { tools, layout, settings, context } = database;
  const { clock, log } = context;
  // pg_rewind distinguishes logs only by the numbers of their timelines.
  if (range.own.at(-1)?.timeline === view.timeline) return false;
  let seenWritingAt = clock.now();
  for (let seen = view; seen.controlTimeline !== seen.timeline; seen = await askAgain()) {
    signal.throwIfAborted();
    if (seen.isCheckpointing) seenWritingAt = clock.now();
    if (clock.now() - seenWritingAt > noCheckpointMs) {
      log.warn({ leader }, 'the leader does not write its first checkpoint: cloning it instead');
      return false;
    }
    await sleep(clock, checkEveryMs, signal);
  }
  const role = await roleForRewind(database, leader, signal);
  const source = settings.connection('rewind', leader, role);
  await settings.writePassfile(leader, settings.leaderLogin, role);
  await writeFor(tools.osUser, layout.rewinding, '');
  const progress = new ToolProgress({ tool: 'pg_rewind', clock, meter });
  try {
    await tools.run('pg_rewind', ['-D', layout.data, `--source-server=${source}`, '--progress'], {
      signal: AbortSignal.any([signal, progress.stalled]),
      timeoutMs: Infinity,
      onLine: progress.onLine,
    });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isNotConnected(error)) {
      await rm(layout.rewinding, { force: true });
      throw new HAError('HA_ERR_DATABASE', (error as Error).message, { cause: error });
    }
    log.warn({ error }, 'pg_rewind has failed: cloning the leader instead');
    return false;
  } finally {
    progress.close();
    meter.end();
    await settings.writePassfile(leader, settings.leaderLogin);
    await database.refresh();
  }
}
