import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { UpstreamView } from './upstream.ts';
import { segmentName } from './position.ts';
import { type SessionOptions, asWalSender, withSession } from './session.ts';

const compareMs = 30_000;

/**
 * Whether the leader's log has the same bytes as the member's own log at its end: in its last segment, up to `end`. Timelines are
 * distinguished by their numbers, and two may have the same number if epochs have begun anew over old volumes; commits and
 * checkpoints contain the time, so logs that were written independently differ.
 *
 * @returns undefined if one of the two no longer has that segment
 */
export async function hasSameWal(
  data: string,
  { timeline, end }: { timeline: number; end: number },
  view: UpstreamView,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { segmentBytes, history, segments } = view;
  const start = Math.floor((end - 1) / segmentBytes) * segmentBytes;
  const length = end - start;
  const own = await hashOf(
    join(data, 'pg_wal', segmentName(timeline, start, segmentBytes)),
    length,
  );
  // A timeline begins with a copy of its parent's part of that segment.
  const name = history
    .filter((range) => range.timeline >= timeline)
    .map((range) => segmentName(range.timeline, start, segmentBytes))
    .find((candidate) => segments.has(candidate));
  if (own === undefined || name === undefined) return undefined;
  const connection = { ...options, ...asWalSender };
  const { hash } = await withSession(connection, { signal, timeoutMs: compareMs }, (session) =>
    session.row<{ hash: string }>(
      `SELECT encode(sha256(pg_read_binary_file('pg_wal/${name}', 0, ${length}, false)), 'hex') AS hash`,
    ),
  );
  return hash === own;
}

async function hashOf(path: string, length: number): Promise<string | undefined> {
  const buffer = Buffer.alloc(length);
  try {
    await using file = await open(path, 'r');
    const { bytesRead } = await file.read(buffer, 0, length, 0);
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
  } catch {
    return undefined;
  }
}
