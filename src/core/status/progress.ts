import type { Action } from '../model/action.ts';
import { inFlight } from '../failover/failover-plan.ts';
import { whyNotUpdated } from '../failover/switchover.ts';
import { healthOf, isLive, primaryOf, undurablePrimary } from '../model/member.ts';
import { heldBack } from '../model/change-times.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { passwordProgress } from '../model/shared-password.ts';
import { isUpdateHeldBack, restartAskedAt } from '../model/restart.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { sizeProgress } from '../resources/claim-sizes.ts';
import { scaledClaimsProgress } from '../replicas/scaled-claims.ts';
import { isOutdated } from '../resources/pod.ts';
import { copyClause } from './copy-status.ts';
import { memberDegradedReason } from './degraded-reasons.ts';

/** What is under way, for the condition Progressing, in clauses for a person. Empty if nothing is. */
export function progressOf(
  resource: Resource,
  observed: Observed,
  actions: Action[],
  nowMs: number,
): string[] {
  const record = inFlight(resource);
  const told = new Set<string>();
  const clauses = record === undefined ? [] : [`${record.to} is being made primary`];
  // The condition Degraded says why: then no pod is made, and none is deleted to be made anew.
  const makesPods = agentDegradedReasons(resource).length === 0;
  for (const action of actions) {
    if (!makesPods && (action.type !== 'DeletePod' || action.replacement !== undefined)) continue;
    if (action.type === 'CreatePod') {
      clauses.push(`creating ${action.manifest.metadata.name}`);
    } else if (action.type === 'DeletePod') {
      const { member, note } = action.removal;
      told.add(member.uid);
      clauses.push(`deleting ${member.name}: ${note}`);
    }
  }
  for (const member of observed.members) {
    if (told.has(member.uid)) continue;
    if (!isLive(member)) {
      clauses.push(`${member.name} is being deleted`);
    } else if (
      healthOf(member) === 'Unknown' &&
      memberDegradedReason(resource, member, nowMs) === undefined
    ) {
      clauses.push(`${member.name} is starting`);
    } else {
      const copying = copyClause(resource, member, nowMs);
      if (copying !== undefined) clauses.push(copying);
    }
  }
  clauses.push(...sizeProgress(resource, observed));
  clauses.push(...scaledClaimsProgress(resource, observed));
  const live = observed.members.filter(isLive);
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
  const leader = record === undefined ? primaryOf(resource, live) : undefined;
  const waits = leader && whyNotUpdated(resource, observed, leader, nowMs);
  if (waits !== undefined) clauses.push(waits);
  return clauses;
}
