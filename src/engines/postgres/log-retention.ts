import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the volume of the data. Bytes. */
export interface Space {
  total: number;
  free: number;
}

/** How much log the server retains. MiB. */
export interface LogRetention {
  /** For followers that were away: wal_keep_size. */
  followersMiB: number;
  /** For replication slots, which only users make: max_slot_wal_keep_size. */
  slotsMiB: number;
  /** Between two checkpoints: max_wal_size. */
  checkpointMiB: number;
}

const MiB = 2 ** 20;
/**
 * A tenth of the volume, as much as a copy needs besides the data (basebackup.ts). As long as a follower lacks less log than there are
 * data, sending the log is cheaper than a copy. It is a choice, not a measurement: the more is kept, the longer a follower may be away.
 */
const followersShare = 1 / 10;
/** What followers, and slots, may take of the space that is free or has log in it: the rest is for data. */
const followersOfFree = 1 / 4;
const slotsOfFree = 1 / 2;
/** A smaller change is not worth a reload. */
const sameShare = 1 / 8;

export async function spaceOf(folder: string): Promise<Space> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { total: blocks * bsize, free: bavail * bsize };
}

/** @param log bytes that the log takes now */
export function logRetention({ total, free }: Space, log: number): LogRetention {
  const room = free + log;
  // However full the volume is, less than this would cost a copy for a follower that was away for seconds.
  const least = Math.min(Math.max(total / 16, 64 * MiB), 512 * MiB);
  const followers = Math.max(least, Math.min(total * followersShare, room * followersOfFree));
  const slots = Math.max(followers, room * slotsOfFree);
  return {
    followersMiB: Math.round(followers / MiB),
    slotsMiB: Math.round(slots / MiB),
    checkpointMiB: Math.round(Math.min(Math.max(total / 8 / MiB, 128), 1024)),
  };
}

/** Whether the server must be told of a change. */
export const isOther = (now: LogRetention, before: LogRetention): boolean =>
  (['followersMiB', 'slotsMiB', 'checkpointMiB'] as const).some((each) =>
    differs(now[each], before[each]),
  );

const differs = (now: number, before: number) => Math.abs(now - before) > before * sameShare;

/** Bytes in the segments of the log; 0 if there is none. */
export async function logSize(data: string): Promise<number> {
  const folder = join(data, 'pg_wal');
  const names = await readdir(folder).catch(() => []);
  const segments = names.filter((name) => /^[0-9A-F]{24}$/.test(name));
  // All are of one size, except one that was removed since.
  for (const name of segments) {
    const file = await stat(join(folder, name)).catch(() => undefined);
    if (file !== undefined) return file.size * segments.length;
  }
  return 0;
}
