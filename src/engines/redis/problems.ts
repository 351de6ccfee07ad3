import { statfs } from 'node:fs/promises';
import type { Position } from '../../protocol/member-protocol.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { isLogOff } from './disk-state.ts';
import type { ReplicationTarget } from './replication-history.ts';
import type { Persisted } from './persisted-state.ts';
import type { ServerInfo } from './server-info.ts';

/** Below this the disk counts as full: the server could not rewrite its log. Bytes. */
const littleSpace = 16 * 1024 * 1024;

/**
 * @param what what fails: a field of INFO, or an operation
 * @param dir folder of the data
 */
export async function diskProblem(what: string, dir: string): Promise<EngineProblem> {
  return (
    (await fullDisk(what, dir)) ?? {
      reason: 'DiskError',
      message: `the server cannot write to ${dir} (${what}): see the log of the member, and check its volume`,
    }
  );
}

/** Undefined if there is space, or the disk cannot be asked. */
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

/** A problem of the data themselves. */
export function dataProblem(
  { lost, held, cloning }: Persisted,
  info: ServerInfo,
  target: ReplicationTarget,
  position: Position | undefined,
): EngineProblem | undefined {
  if (lost && !held) {
    return {
      reason: 'DataLost',
      message:
        'the volume held data and is empty now: the member will be made a copy of the leader; if no member has the data, restore a backup',
    };
  }
  // If there is a position, all of the copy is still in memory.
  if (target.kind === 'detached' && cloning !== undefined && position === undefined) {
    return {
      reason: 'CloneInterrupted',
      message: `the member ended while it was being made a copy of ${cloning === 0 ? 'its leader' : `the leader of epoch ${cloning}`}, and may hold older data: let it follow a leader`,
    };
  }
  if (isLogOff(info, target)) {
    return {
      reason: 'LogOff',
      message:
        'the append-only log was turned off, so that a restart loses data: run CONFIG SET appendonly yes',
    };
  }
  return undefined;
}
