import { statfs } from 'node:fs/promises';
import type { Position } from '../../protocol/member-protocol.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { ReplicationTarget } from './replication-history.ts';
import type { Persisted } from './persisted-state.ts';
import type { ServerInfo } from './server-info.ts';

/** Less than this is as good as full: the server could not write its log anew. Bytes. */
const littleSpace = 16 * 1024 * 1024;

/**
 * @param dir folder of the data
 * @param what does not work: the server's field that says so, or what does not come about
 */
export async function diskProblem(what: string, dir: string): Promise<EngineProblem> {
  return (
    (await fullDisk(what, dir)) ?? {
      reason: 'DiskError',
      message: `the server cannot write to ${dir} (${what}): see the log of the member, and check its volume`,
    }
  );
}

/** Undefined where there is room, or nothing can be said. */
export async function fullDisk(what: string, dir: string): Promise<EngineProblem | undefined> {
  try {
    const { bavail, bsize } = await statfs(dir);
    if (bavail * bsize >= littleSpace) return undefined;
    return {
      reason: 'DiskFull',
      message: `the server cannot write to ${dir}, which has ${Math.floor((bavail * bsize) / 1024)} KiB left (${what}): make the volume larger or remove what is not needed from it`,
    };
  } catch {
    return undefined;
  }
}

/** What is wrong with the data themselves. */
export function dataProblem(
  { lost, held, cloning }: Persisted,
  info: ServerInfo,
  course: ReplicationTarget,
  position: Position | undefined,
): EngineProblem | undefined {
  if (lost && !held) {
    return {
      reason: 'DataLost',
      message:
        'its volume held data and is empty now: it will be made a copy of the leader; if no member has the data, restore a backup',
    };
  }
  // One that has a position still has all of the copy in memory.
  if (course.kind === 'nowhere' && cloning !== undefined && position === undefined) {
    return {
      reason: 'CloneInterrupted',
      message: `it ended while it was being made a copy of ${cloning === 0 ? 'its leader' : `the leader of epoch ${cloning}`}, and may hold data from before that: let it follow a leader`,
    };
  }
  if (course.kind === 'leading' && !info.logging) {
    return {
      reason: 'LogOff',
      message:
        'its append-only log was turned off, so that a restart loses data: CONFIG SET appendonly yes',
    };
  }
  return undefined;
}
