import type { Action } from '../model/action.ts';
import { type FailoverPlan, inFlight } from '../failover/failover-plan.ts';
import { whyNotUpdated } from '../failover/switchover.ts';
import {
  healthOf,
  isLive,
  primaryOf,
  problemsOf,
  reportOf,
  seemsHealthy,
  seemsWell,
  undurablePrimary,
  whyNotHealthy,
  whyNotInRole,
} from '../model/member.ts';
import { heldBack } from '../model/change-times.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { passwordProgress } from '../model/shared-password.ts';
import { isUpdateHeldBack, restartAskedAt } from '../model/restart.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { sizeProgress } from '../resources/claim-sizes.ts';
import { scaledClaimsProgress } from '../replicas/scaled-claims.ts';
import { isOutdated } from '../resources/pod.ts';
import { copyClause } from './copy-status.ts';
import { memberDegradedReason } from './degraded-reasons.ts';

const notBack = (member: Member): string =>
  `${member.name} ${seemsHealthy(member) ? whyNotInRole(member) : whyNotHealthy(member)}`;

/** It answers, and there is a leader that it can follow, and nothing that it says keeps it from that. */
const isTakingRole = (member: Member, leader: Member | undefined): boolean =>
  leader !== undefined &&
  seemsWell(leader) &&
  seemsHealthy(member) &&
  !seemsWell(member) &&
  problemsOf(reportOf(member)).length === 0;

/**
 * What is under way, for the condition Progressing, in clauses for a person. Empty if nothing is. A planned change is under way until
 * the last of its members is in its role.
 *
 * @param away the members that a planned change has taken away or is making
 */
export function progressOf(
  resource: Resource,
  observed: Observed,
  { actions, away, failover }: { actions: Action[]; away: string[]; failover: FailoverPlan },
  nowMs: number,
): string[] {
  const { fencing } = resource.status;
  const record = inFlight(resource);
  const told = new Set<string>();
  const clauses = record === undefined ? [] : [`${record.to} is being made primary`];
  if (fencing !== undefined && failover.kind !== 'Blocked') {
    clauses.push(`the primary of epoch ${fencing.epoch} is being elected`);
  }
  // The condition Degraded says why: then no pod is made, and none is deleted to be made anew.
  const makesPods = agentDegradedReasons(resource).length === 0;
  for (const action of actions) {
    if (!makesPods && (action.type !== 'DeletePod' || action.replacement !== undefined)) continue;
    if (action.type === 'CreatePod') {
      told.add(action.manifest.metadata.name);
      clauses.push(`creating ${action.manifest.metadata.name}`);
    } else if (action.type === 'DeletePod') {
      const { member, note } = action.removal;
      told.add(member.name);
      clauses.push(`deleting ${member.name}: ${note}`);
    }
  }
  const live = observed.members.filter(isLive);
  const leader = primaryOf(resource, live);
  for (const member of observed.members) {
    if (told.has(member.name)) continue;
    if (!isLive(member)) {
      clauses.push(`${member.name} is being deleted`);
    } else if (
      healthOf(member) === 'Unknown' &&
      memberDegradedReason(resource, member, nowMs) === undefined
    ) {
      clauses.push(`${member.name} is starting`);
    } else {
      const copying = copyClause(resource, member, nowMs);
      const isAway = away.includes(member.name) && !seemsWell(member);
      if (copying !== undefined) clauses.push(copying);
      else if (isAway || isTakingRole(member, leader)) clauses.push(notBack(member));
    }
  }
  const gone = away.filter((pod) => !observed.members.some(({ name }) => name === pod));
  clauses.push(...gone.filter((pod) => !told.has(pod)).map((pod) => `${pod} is to be made`));
  clauses.push(...sizeProgress(resource, observed));
  clauses.push(...scaledClaimsProgress(resource, observed));
  const primary = undurablePrimary(resource, live);
  if (primary !== undefined) {
    clauses.push(
      `${primary.name} has data in memory that are not on its disk yet: no member is stopped or replaced on purpose before they are written`,
    );
  }
  const password = passwordProgress(live);
  if (password !== undefined) clauses.push(password);
  const outdated = live.filter((member) => isOutdated(resource, member));
  const isHeld = outdated.some((member) => isUpdateHeldBack(resource, observed, member));
  const held = isHeld ? heldBack(observed) : undefined;
  if (outdated.length > 0) {
    const isRestart = outdated.every((member) => restartAskedAt(resource.status, member));
    clauses.push(
      `${outdated.length} of ${live.length} members ${isRestart ? 'are still to be restarted' : 'still run by the former spec until they are replaced'}`,
      ...(held === undefined ? [] : [held]),
    );
  }
  const waits = record === undefined && leader && whyNotUpdated(resource, observed, leader, nowMs);
  if (waits) clauses.push(waits);
  return clauses;
}
