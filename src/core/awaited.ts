import { hasQuorum } from './managed.ts';
import { ordinalOf } from './naming.ts';
import type { Observed, Resource } from './observed.ts';
import { isRecent } from './since.ts';

/** How long a failover may wait before pods are made for its sake. */
const patienceMs = 5_000;

/**
 * Members that a failover waits for, and that nobody would make: their pods are gone, others have taken their places, and what
 * they held is on their volumes. They are made again beside the others; when the failover is over the surplus goes.
 */
export function awaitedOrdinals(
  resource: Resource,
  { members, strangers }: Observed,
  nowMs: number,
  again: (atMs: number) => void,
): number[] {
  const { spec, status } = resource;
  const { fencing, primary, syncSets = [] } = status;
  if (fencing === undefined || !hasQuorum(spec) || spec.volumeClaimTemplates.length === 0)
    return [];
  const there = new Set([...members, ...strangers].map(({ name }) => name));
  const names = new Set([primary, ...syncSets.flatMap((set) => set.members)]);
  const absent = [...names].filter((name) => name !== undefined && !there.has(name));
  const dueMs = Date.parse(fencing.startedAt) + patienceMs;
  if (absent.length > 0 && isRecent(fencing.startedAt, patienceMs, nowMs)) {
    again(dueMs);
    return [];
  }
  return absent.flatMap((name) => ordinalOf(resource.name, name ?? '') ?? []).sort((a, b) => a - b);
}
