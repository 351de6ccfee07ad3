import { isLive, hasEnded, reportOf, seemsHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';

/** A pod behind a Service is one that this resource is to take over, and is no member yet. */
const isTakingOver = ({ foreignPods }: Observed, uids: readonly string[]): boolean =>
  foreignPods.some(({ orphanUid }) => orphanUid !== undefined && uids.includes(orphanUid));

const isBeforeElection = ({ status }: Resource): boolean =>
  status.primaryUID === undefined && status.fencing === undefined;

/**
 * Before the first election: whether the endpoints of the Services stay as they are, as an earlier resource of this name was deleted
 * with `--cascade=orphan`, and its pods are taken over first.
 */
export const keepsEndpoints = (resource: Resource, observed: Observed): boolean =>
  isBeforeElection(resource) && isTakingOver(observed, observed.served ?? []);

/** Nothing says that it leads no longer: it has not been heard yet, has no role to report, or says that it leads. */
function mayLeadOn(member: Member, { members }: Observed): boolean {
  if (!isLive(member) || hasEnded(member) || !seemsHealthy(member)) return false;
  const report = reportOf(member);
  if (report === undefined) return true;
  // Another one has replaced it: its own writes are to be discarded.
  const isReplaced = members.some((other) => {
    const { state, epoch = 0 } = reportOf(other) ?? {};
    return other !== member && state === 'Leading' && epoch >= report.epoch;
  });
  return report.state === 'Leading' && !isReplaced;
}

/**
 * Before the first election: the member behind the write Service, which an earlier resource of this name has elected, or this one
 * before its status was lost. It stays there until a verdict of this process or its own report says otherwise, so that clients can
 * write while all other members are still waited for. No second member is served: a slice has one primary.
 */
export function earlierEndpoint(resource: Resource, observed: Observed): Member | undefined {
  if (!isBeforeElection(resource) || isActive(resource)) return undefined;
  const [uid, ...others] = observed.writeEndpoints ?? [];
  const member = observed.members.find((each) => each.uid === uid);
  if (member === undefined || others.length > 0) return undefined;
  return mayLeadOn(member, observed) ? member : undefined;
}
