import type { SyncSet } from '../api/member-protocol.ts';
import { hasQuorum } from './managed.ts';
import { isHealthy } from './member.ts';
import { podName } from './naming.ts';
import type { Observed, Resource } from './observed.ts';

/** How many followers must have a write: with the leader they are a majority of the members that the spec asks for. */
export const acksOf = (replicas: number): number => Math.floor(replicas / 2);

/**
 * Whose acknowledgements `leader` should ask for: all others that there are, and those that are to come, so that it never
 * takes writes which too few hold. A pod that should be gone but is not confirmed to be still counts, as it may still
 * follow; but where the leader names whom it counts (all but Redis, whose WAIT counts any follower) it is left out.
 */
export function wishedSet(resource: Resource, observed: Observed, leader: string): SyncSet {
  const { spec, name } = resource;
  const isExact = spec.engine.type !== 'Redis';
  const members = observed.members
    .filter((member) => member.name !== leader)
    .filter((member) => !isExact || member.deletionAtMs === undefined || isHealthy(member))
    .map((member) => member.name);
  for (let ordinal = 0; members.length < spec.replicas - 1; ordinal++) {
    const next = podName(name, ordinal);
    if (next !== leader && !members.includes(next)) members.push(next);
  }
  return { members: members.sort(), acks: Math.min(acksOf(spec.replicas), members.length) };
}

const same = (a: SyncSet | undefined, b: SyncSet | undefined): boolean =>
  a?.acks === b?.acks && a?.members.join() === b?.members.join();

/** The set that the leader is told: the last one that has been written down. */
export const currentSet = ({ status }: Resource): SyncSet | undefined => status.syncSets?.at(-1);

/** Whether the leader says that it has the current set in force. */
export const inForce = (resource: Resource, reported: SyncSet | undefined): boolean =>
  currentSet(resource) === undefined || same(currentSet(resource), sorted(reported));

const sorted = (set: SyncSet | undefined) =>
  set === undefined ? undefined : { ...set, members: set.members.toSorted() };

/**
 * The sets to be written down next. A new one is added before the leader hears of it, and the old one is kept until the
 * leader has said that the new one is in force: a failover in between must satisfy both (as joint consensus does, Ongaro
 * and Ousterhout, 2014).
 */
export function nextSets(
  resource: Resource,
  observed: Observed,
  reported: SyncSet | undefined,
  leader: string,
): SyncSet[] | undefined {
  const { syncSets = [] } = resource.status;
  if (!hasQuorum(resource.spec)) return undefined;
  const wished = wishedSet(resource, observed, leader);
  const last = syncSets.at(-1);
  const settled = inForce(resource, reported);
  // Any set that may be in force counts: the next change waits for the end of the last.
  if (syncSets.length > 1 && !settled) return syncSets;
  if (same(last, wished)) return [wished];
  return last === undefined ? [wished] : [last, wished];
}
