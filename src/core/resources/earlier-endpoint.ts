import { isLive, hasEnded, reportOf, seemsHealthy } from '../model/member.ts';
import type { ServiceRole } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';

/** Before the first election. In ActiveActive there is none: never. */
const isBeforeElection = (resource: Resource): boolean =>
  !isActive(resource) &&
  resource.status.primaryUID === undefined &&
  resource.status.fencing === undefined;

/** What the endpoints of the Services are to be. Undefined: they are not changed. */
type Endpoints = Record<ServiceRole, Member[] | undefined>;

/**
 * Adds the endpoints that an earlier resource of this name has left (`--cascade=orphan`), and whose pods are still to be taken over:
 * each one stays where it is as long as the kubelet says that its pod is ready, since no program is probed that is not a member. The
 * endpoints that are members come and go as always. A slice for writes with one primary is not touched here: see earlierEndpoint.
 */
export function withOrphans(
  resource: Resource,
  { servedOrphans }: Observed,
  endpoints: Endpoints,
): Endpoints {
  const mayStay = isActive(resource) || isBeforeElection(resource);
  if (servedOrphans === undefined || !mayStay) return endpoints;
  const add = (role: ServiceRole) => {
    const orphans = servedOrphans[role].filter(isServing);
    return endpoints[role] && orphans.length > 0
      ? [...endpoints[role], ...orphans].sort((a, b) => a.ordinal - b.ordinal)
      : endpoints[role];
  };
  const write = isActive(resource) ? add('write') : endpoints.write;
  return { write, read: add('read'), all: add('all'), members: add('members') };
}

const isServing = (orphan: Member): boolean => isLive(orphan) && !hasEnded(orphan) && orphan.ready;

/** Nothing says that it leads no longer: it has not been heard yet, has no role to report, or says that it leads. */
function mayLeadOn(member: Member, { members }: Pick<Observed, 'members'>): boolean {
  const report = reportOf(member);
  // Another one has replaced it: its own writes are to be discarded. As long as its own epoch is not known, it may have been replaced.
  const isReplaced = members.some((other) => {
    const { state, epoch = 0 } = reportOf(other) ?? {};
    return other !== member && state === 'Leading' && epoch >= (report?.epoch ?? 0);
  });
  return !isReplaced && (report === undefined || report.state === 'Leading');
}

/**
 * Before the first election: the pod behind the write Service, which an earlier resource of this name has elected, or this one
 * before its status was lost. It stays there until a verdict of this process or its own report says otherwise, so that clients can
 * write while all other members are still waited for, and also while it cannot be taken over itself. No second one is served: a slice
 * has one primary.
 */
export function earlierEndpoint(
  resource: Resource,
  observed: Pick<Observed, 'members' | 'writeEndpoints' | 'servedOrphans'>,
): Member | undefined {
  if (!isBeforeElection(resource)) return undefined;
  const [uid, ...others] = observed.writeEndpoints ?? [];
  if (uid === undefined || others.length > 0) return undefined;
  const isIt = (each: Member) => each.uid === uid;
  const member = observed.members.find(isIt);
  const serves =
    member === undefined
      ? observed.servedOrphans?.write.find(isIt)
      : isLive(member) && !hasEnded(member) && seemsHealthy(member)
        ? member
        : undefined;
  if (serves === undefined || (member === undefined && !isServing(serves))) return undefined;
  return mayLeadOn(serves, observed) ? serves : undefined;
}
