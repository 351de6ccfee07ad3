import { isHealthy, isOld, reportOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { roleCommandStateOf } from '../model/role-commands.ts';

/**
 * Those that hold what they held before they were to become copies of a primary, where it has lost its data meanwhile: all
 * members are there, and nobody else has anything. Empty where it is not so.
 */
export function halfCopies({ spec }: Resource, { members }: Observed): Member[] {
  const reportedState = (member: Member) =>
    isHealthy(member) ? reportOf(member)?.state : undefined;
  const isHalf = (member: Member) => {
    const state = reportedState(member);
    return (
      state === 'Cloning' || ((state === 'Detached' || state === 'Following') && isOld(member))
    );
  };
  return members.length >= spec.replicas &&
    members.every((member) => reportedState(member) === 'Empty' || isHalf(member))
    ? members.filter(isHalf)
    : [];
}

/**
 * Whether the elected member, which does not lead yet, has not what it was elected for: it was restarted before all that it held
 * was on its disk, or another process of it has lost the count that its followers are to compare theirs with.
 */
export function hasLess(resource: Resource, observed: Observed, elected: Member): boolean {
  const { termStart, ledEpoch, epoch } = resource.status;
  const report = reportOf(elected);
  const isElected = termStart !== undefined && ledEpoch === epoch && report?.ledEpoch !== epoch;
  const isAnother = roleCommandStateOf(observed.roleCommands, 'promote', elected)?.epoch !== epoch;
  const hasLost =
    isElected && isAnother && report?.state === 'Detached' && report.position === undefined;
  return hasLost || (isOld(elected) && !acceptsOld(resource, observed));
}

/** Whether a member may lead with data that may be old: nobody has others, and the user has said so. */
export const acceptsOld = (resource: Resource, observed: Observed): boolean =>
  resource.spec.failover.consistency === 'Eventual' &&
  resource.spec.failover.onNoCandidate === 'PromoteAnyway' &&
  halfCopies(resource, observed).length > 0;
