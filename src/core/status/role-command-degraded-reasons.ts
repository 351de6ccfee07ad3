import type { DegradedReason } from '../../api/reasons.ts';
import type { Degradation } from '../model/fault.ts';
import type { Observed, Resource, RoleCommandState } from '../model/observed.ts';
import { promoteAttempts } from '../failover/election.ts';
import { stayedUntilMs } from '../failover/failover-backoff.ts';
import { isLastOutdated } from '../failover/switchover.ts';
import { primaryOf } from '../model/member.ts';
import { reachable } from '../model/role-commands.ts';
import { isActive } from '../model/topology.ts';
import { isFulfilled, ordinaryMs } from './member-degraded-reasons.ts';
import { cut } from './write-failures.ts';

const failureReasons: Record<RoleCommandState['action'], DegradedReason> = {
  promote: 'PromoteFailed',
  demote: 'DemoteFailed',
  follow: 'FollowFailed',
  fence: 'FenceFailed',
};

/** When a failing command has had the time in which it may succeed after all. Epoch milliseconds. */
const dueMs = ({ action, failsSinceMs }: RoleCommandState): number[] =>
  // Without a promotion no member takes writes: that is told at once.
  failsSinceMs === undefined || action === 'promote' ? [] : [failsSinceMs + ordinaryMs];

export const roleCommandDueMs = ({ roleCommands }: Observed): number[] =>
  roleCommands.flatMap(dueMs);

/** Hooks and orders that fail, of the roles that the members have now; a failed promotion first. */
export function roleCommandDegradedReasons(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Degradation[] {
  // A command for a role that the member no longer has is not repeated.
  if (isActive(resource)) return [];
  const { primaryUID, epoch: present } = resource.status;
  const primary = primaryOf(resource, observed.members);
  const awaitsSuccessor = primary !== undefined && isLastOutdated(resource, observed, primary);
  const rests = stayedUntilMs(resource, nowMs) !== undefined;
  const urgency = ({ action }: RoleCommandState) => (action === 'promote' ? 0 : 1);
  const roleCommands = observed.roleCommands.toSorted((a, b) => urgency(a) - urgency(b));
  return roleCommands.flatMap((command): Degradation[] => {
    const { failures, action, uid, message, generation, epoch, state } = command;
    const member = observed.members.find((candidate) => candidate.uid === uid);
    // See withoutLapsed: the next try comes after the rest.
    const hasLapsed = failures === 0 && state === 'Failed' && rests;
    if ((failures === 0 && !hasLapsed) || member?.health?.generation !== generation) return [];
    // Nor is one for a member that has died: its death is the fault.
    if (!reachable(member) || dueMs(command).some((atMs) => nowMs < atMs)) return [];
    const isPrimary = uid === primaryUID;
    // It may have been promoted at a bad moment; but an update that waits for a successor would wait for ever.
    const isUnfit = hasLapsed || failures >= promoteAttempts;
    if (action === 'promote' && !isPrimary && isUnfit && awaitsSuccessor) {
      const hint = `the update waits, as a failover to it would fail, too: correct the spec, or restart its pod (\`kubectl delete pod ${member.name} -n ${resource.namespace}\`)`;
      const text = `${member.name} could not be promoted: ${cut(message)}; ${hint}`;
      return [{ reason: 'PromoteFailed', about: member.name, message: text }];
    }
    if (action === 'promote' ? !isPrimary || epoch !== present : isPrimary) return [];
    if (isFulfilled(resource, member, { action, epoch })) return [];
    return [
      {
        reason: failureReasons[action],
        about: member.name,
        message: `${action} of ${member.name} failed and is tried again: ${cut(message)}`,
      },
    ];
  });
}
