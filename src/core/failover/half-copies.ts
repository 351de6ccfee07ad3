import { isHealthy, isOld, reportOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { roleCommandStateOf } from '../model/role-commands.ts';

/**
 * Members with the data from before they began to copy a primary, if that primary has lost its data since: all members are there,
 * and no other one has data. Empty in any other case.
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
 * Whether the elected member, which does not lead yet, no longer has the data that it was elected for: it was restarted before all
 * its data were on its disk, or another process of it has lost the position that followers compare theirs with.
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

/** Whether a member may lead with data that may be old: no member has other data, and the user has allowed that. */
export const acceptsOld = (resource: Resource, observed: Observed): boolean =>
  resource.spec.failover.consistency === 'Eventual' &&
  resource.spec.failover.onNoCandidate === 'PromoteAnyway' &&
  halfCopies(resource, observed).length > 0;

/** What a person can do if the status was lost, and nobody has whole data: these members have only what they held before a copy. */
export function whatHelpsCopies({ spec, namespace }: Resource, copies: Member[]): string {
  const { consistency, onNoCandidate } = spec.failover;
  const wishes = [
    ...(consistency === 'Eventual' ? [] : ['failover.consistency: Eventual']),
    ...(onNoCandidate === 'PromoteAnyway' ? [] : ['failover.onNoCandidate: PromoteAnyway']),
  ];
  const unfinished = copies.filter((member) => reportOf(member)?.state === 'Cloning');
  const pods = unfinished.map(({ name }) => name).join(' ');
  const steps = [
    ...(wishes.length === 0 ? [] : [`set ${wishes.join(' and ')}`]),
    ...(pods === ''
      ? []
      : [`run \`kubectl delete pod -n ${namespace} ${pods}\`, which ends the copy`]),
  ];
  return `bring back the member of which they were being made a copy, with its volume, or restore a backup. To go on with what one of them held before the copy, if it held anything, and lose what it lacks: ${steps.join(', and ')}`;
}
