import type { Action } from './model/action.ts';
import type { Decision } from './model/decision.ts';
import {
  adoptPods,
  annotateTemplate,
  correctClaims,
  createPod,
  ensureOwnedObjects,
  keepClaims,
  relabel,
  removePod,
} from './resources/owned-object-actions.ts';
import { recordContracts } from './resources/record-contracts.ts';
import { markComplete } from './resources/readiness.ts';
import { endpointsOf } from './resources/owned-objects.ts';
import { earlierEndpoint, withOrphans } from './resources/earlier-endpoint.ts';
import { notesOf } from './status/events.ts';
import { planFailover } from './failover/failover.ts';
import { begunMs, stayedUntilMs } from './failover/failover-backoff.ts';
import { inFlight, isNewlyHeld } from './failover/failover-plan.ts';
import { withRefusedSwitchover } from './failover/switchover-request.ts';
import { speaksProtocol } from './model/capabilities.ts';
import { primaryOf } from './model/member.ts';
import { withoutLapsed } from './model/role-commands.ts';
import { failbackAtMs } from './model/preferred-primary.ts';
import type { Member, Observed, Resource } from './model/observed.ts';
import { withTerms } from './model/position.ts';
import { endOf } from './model/since.ts';
import { inheritHealth } from './model/inherited-health.ts';
import { tellFaults } from './status/fault-events.ts';
import { degradedReasonsOf, nextDegradedAtMs } from './status/degraded-reasons.ts';
import { excuse } from './status/planned-absences.ts';
import { progressOf } from './status/progress.ts';
import { withOutcome } from './failover/failover-history.ts';
import { planChaos } from './chaos/chaos.ts';
import { planReplicas } from './replicas/replicas.ts';
import { planScaledClaims } from './replicas/scaled-claims.ts';
import { withRestart } from './model/restart.ts';
import { planRoles } from './roles/roles.ts';
import { nextStatus } from './status/status.ts';
import { commitFirstData, commitPlan, isFirstData } from './commit.ts';
import { isActive, withoutRoles } from './model/topology.ts';
import { isPrimarySuspected } from './model/primary-suspected.ts';
import { keepsEndpointUntilMs } from './model/deafness.ts';

/**
 * How long a promotion may take before the write Service loses its endpoint. kube-proxy writes its rules at most once
 * a second (its minSyncPeriod), so that an emptied slice would hold up the one that follows it; below this time the
 * switch is one write.
 */
const emptySliceAfterMs = 500;
/** How often the lag in the status is refreshed. Milliseconds. */
const lagRefreshMs = 10_000;
/** How often members are checked that must catch up before an older sync set is dropped. Milliseconds. */
const setsRefreshMs = 1_000;

/**
 * Decides what to do about one resource. The reconcile calls this in each pass, with the time of its clock. Pure: the same arguments
 * give the same decision, nothing is changed, and it does not throw.
 */
export function decide(resource: Resource, seen: Observed, nowMs: number): Decision {
  const members = withoutRoles(resource, inheritHealth(resource, seen));
  const { primaryUID } = resource.status;
  const { roleCommands, nextAtMs } = withoutLapsed(seen, primaryUID, nowMs);
  const observed = { ...seen, roleCommands, members: withTerms(members) };
  const failover = planFailover(resource, observed, nowMs);
  if ((failover.kind === 'Elect' || failover.kind === 'Fence') && !resource.deleting) {
    return commitPlan(resource, observed, failover, nowMs);
  }
  const primary = primaryOf(resource, observed.members);
  const roles = planRoles(resource, observed, primary, nowMs);
  if (isFirstData(resource, primary, roles.promoted)) {
    return commitFirstData(resource, observed, nowMs);
  }
  const replicas = planReplicas(resource, observed, nowMs);
  const claims = planScaledClaims(resource, observed, replicas);
  const endpoints = endpointsOf(resource, observed, primary, nowMs);
  const writes = isActive(resource)
    ? { endpoints: endpoints.write }
    : writeEndpoints(resource, observed, primary, roles.promoted, nowMs);
  const repointed = (observed.writeEndpoints ?? []).join() === primary?.uid;

  const readsMayWait = isPrimarySuspected(observed, primary);
  const contracts = recordContracts(resource, observed, nowMs);
  const actions: Action[] = [];
  const idle = resource.spec.paused || resource.deleting;
  // A promotion runs, and the write Service waits for its end: everything else waits, too, if it can.
  const isUrgent = writes.requeueAtMs !== undefined;
  if (!idle) {
    actions.push(
      ...roles.commands.map((command): Action => ({ type: 'GiveRoleCommand', command })),
    );
    if (!isUrgent)
      actions.push(
        ...ensureOwnedObjects(
          resource,
          observed,
          withOrphans(resource, observed, { ...endpoints, write: writes.endpoints }),
          readsMayWait,
        ),
      );
    if (!isUrgent) actions.push(...claims.actions);
    // Before the labels: a frozen pod is deleted at once because its label says primary.
    const isKept = ({ uid }: Member) =>
      uid === resource.status.primaryUID && isNewlyHeld(resource, failover);
    const removals = replicas.remove.filter(
      ({ member, reason }) =>
        (!isUrgent && !isKept(member) && !claims.held.has(member.ordinal)) || reason === 'Frozen',
    );
    actions.push(...removals.map((removal) => removePod(resource, removal, observed.members)));
  }
  if (!isUrgent) actions.push(...keepClaims(resource, observed));
  if (!idle && !isUrgent) {
    actions.push(...adoptPods(observed));
    actions.push(...relabel(resource, observed.members));
    actions.push(...annotateTemplate(resource, observed.members));
    actions.push(...correctClaims(resource, observed));
    actions.push(...markComplete(observed.members));
    actions.push(...contracts.actions);
    actions.push(
      ...replicas.create
        .filter((ordinal) => !claims.held.has(ordinal))
        .map((ordinal) => createPod(resource, ordinal, replicas.zone, observed.members)),
    );
  }

  const degradedReasons = degradedReasonsOf(resource, observed, nowMs);
  const { promoted } = roles;
  const about = { resource, observed, nowMs, failover, promoted, repointed, replicas };
  const chaos = planChaos({ ...about, degradedReasons });
  if (!idle && !isUrgent) actions.push(...chaos.actions);

  const answered = withRefusedSwitchover(withRestart(resource, nowMs), observed, nowMs);
  const subject = withOutcome(answered, observed, promoted && repointed);
  const excused = excuse(subject, observed, degradedReasons, nowMs);
  const status = nextStatus(
    subject,
    observed,
    {
      primary,
      failover,
      promoted,
      repointed,
      excused,
      progress: progressOf(
        subject,
        observed,
        { actions, away: excused.absences.map(({ pod }) => pod), failover },
        nowMs,
      ),
      moveStarted: replicas.moveStarted && !idle,
      ...(replicas.refusedMove === undefined || idle ? {} : { refusedMove: replicas.refusedMove }),
      ...(chaos.status === undefined ? {} : { chaos: chaos.status }),
    },
    nowMs,
  );
  const told = tellFaults(
    observed.knownFaults,
    resource.status,
    status,
    excused.degradedReasons,
    nowMs,
  );
  return {
    actions,
    promoted: roles.promoted,
    status,
    events: [...notesOf(resource, status), ...told.events],
    faults: told.faults,
    ...earliest(nowMs, [
      told.nextAtMs,
      failover.kind === 'Wait' || failover.kind === 'Blocked' ? failover.untilMs : undefined,
      roles.requeueAtMs,
      replicas.requeueAtMs,
      stayedUntilMs(resource, nowMs),
      writes.requeueAtMs,
      chaos.requeueAtMs,
      idle ? undefined : contracts.requeueAtMs,
      excused.nextAtMs,
      nextDegradedAtMs(resource, observed, nowMs),
      ...[primary && failbackAtMs(resource, primary, nowMs)].filter((atMs) => (atMs ?? 0) > nowMs),
      observed.changeTimes?.blackout?.untilMs,
      nextAtMs,
      speaksProtocol(resource.spec) ? nowMs + lagRefreshMs : undefined,
      (resource.status.syncSets?.length ?? 0) > 1 ? nowMs + setsRefreshMs : undefined,
      ...observed.members
        .map((member) => keepsEndpointUntilMs(resource, observed, member) ?? -Infinity)
        .filter((untilMs) => untilMs > nowMs),
    ]),
  };
}

/** The members behind the write Service. Undefined: it is not changed. */
function writeEndpoints(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  promoted: boolean,
  nowMs: number,
): { endpoints?: Member[]; requeueAtMs?: number } {
  const current = observed.writeEndpoints;
  const { fencing } = resource.status;
  if (fencing === undefined && primary !== undefined) {
    if (promoted || current?.includes(primary.uid)) return { endpoints: [primary] };
  }
  const earlier = earlierEndpoint(resource, observed);
  if (earlier !== undefined) return { endpoints: [earlier] };
  const record = inFlight(resource) ?? fencing;
  // No member is about to take writes, or its pod is gone and another pod may soon have its address.
  if (
    current === undefined ||
    record === undefined ||
    (primary === undefined && fencing === undefined)
  ) {
    return { endpoints: [] };
  }
  const { timings } = observed;
  const committedAtMs = timings?.epoch === record.epoch ? timings.committedAtMs : undefined;
  // Another process, with another clock, may have written startedAt.
  const emptyAtMs = endOf(committedAtMs ?? begunMs(record), emptySliceAfterMs, nowMs);
  return emptyAtMs === undefined ? { endpoints: [] } : { requeueAtMs: emptyAtMs };
}

function earliest(nowMs: number, times: (number | undefined)[]): { requeueAtMs?: number } {
  const known = times.filter((time) => time !== undefined && Number.isFinite(time)) as number[];
  return known.length === 0 ? {} : { requeueAtMs: Math.max(nowMs, Math.min(...known)) };
}
