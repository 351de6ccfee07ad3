import { begunMs } from '../failover/failover-backoff.ts';
import { hasQuorum } from '../model/capabilities.ts';
import { isHealthy, reportOf } from '../model/member.ts';
import { ordinalOf } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';

/** How long a failover may wait before missing pods are created for it. */
const patienceMs = 5_000;

/**
 * Members that a failover needs and that are not created otherwise: their pods are gone, others have replaced them, and their data
 * are on their volumes. They are created again in addition to the others; after the failover the surplus is deleted.
 */
export function missingVoterOrdinals(
  resource: Resource,
  observed: Observed,
  nowMs: number,
  again: (atMs: number) => void,
): number[] {
  if (resource.spec.replicas === 0) return [];
  const { fencing } = resource.status;
  const dueMs = endOf(fencing && begunMs(fencing), patienceMs, nowMs);
  const there = new Set([...observed.members, ...observed.foreignPods].map(({ name }) => name));
  const absent = neededNames(resource, observed).filter((name) => !there.has(name));
  if (absent.length > 0 && dueMs !== undefined) {
    again(dueMs);
    return [];
  }
  return absent.flatMap((name) => ordinalOf(resource.name, name) ?? []).sort((a, b) => a - b);
}

/** The members whose volumes may hold the needed data. */
function neededNames({ spec, status }: Resource, { members }: Observed): string[] {
  const { fencing, primary, syncSets = [], initialized } = status;
  if (primary === undefined || spec.volumeClaimTemplates.length === 0) return [];
  if (hasQuorum(spec)) {
    const names = [primary, ...syncSets.flatMap((set) => set.members)];
    return fencing === undefined ? [] : [...new Set(names)];
  }
  // The member that led when the service was stopped leads again; other members may have all ordinals.
  if (status.stopped === true) return [primary];
  // Eventual continues with any member that has data; here none has.
  const isEmpty = (member: Member) => isHealthy(member) && reportOf(member)?.state === 'Empty';
  return initialized === true && members.length > 0 && members.every(isEmpty) ? [primary] : [];
}
