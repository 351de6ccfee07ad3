import type { Status } from '../api/status.ts';
import type { Commit, Decision } from './model/decision.ts';
import { notesOf } from './status/events.ts';
import { type FailoverPlan, withRecord } from './failover/failover-plan.ts';
import { hasQuorum, speaksProtocol } from './model/capabilities.ts';
import { primaryOf, reportOf } from './model/member.ts';
import type { Member, Observed, Resource } from './model/observed.ts';
import { positionOf } from './model/position.ts';
import { degradedReasonsOf } from './status/degraded-reasons.ts';
import { excuse } from './status/planned-absences.ts';
import { nextStatus } from './status/status.ts';
import { inheritedSets } from './failover/sync-sets.ts';

type Committed = Extract<FailoverPlan, { kind: 'Elect' | 'Fence' }>;

export function commitPlan(
  resource: Resource,
  observed: Observed,
  plan: Committed,
  nowMs: number,
): Decision {
  const { status } = resource;
  const changed =
    plan.kind === 'Fence'
      ? { ...status, epoch: plan.fencing.epoch, fencing: plan.fencing }
      : elected(resource, observed, plan);
  const { switchover } = plan;
  const next =
    switchover === undefined ? changed : { ...changed, switchover: { lastRequest: switchover } };
  const begun = plan.kind === 'Fence' ? plan.fencing : plan.record;
  return commitOf(resource, observed, next, nowMs, {
    what: plan.kind === 'Fence' ? 'the old primary is being fenced' : 'a primary was elected',
    ...(begun === undefined ? {} : { trigger: begun.trigger }),
    ...(begun?.evidence === undefined ? {} : { evidence: begun.evidence }),
    confirmSilence: begun?.trigger === 'Silent' && status.fencing === undefined,
  });
}

function elected(
  resource: Resource,
  observed: Observed,
  { winner, record, epoch }: Extract<FailoverPlan, { kind: 'Elect' }>,
): Status {
  const {
    fencing: _fencing,
    termStart: _start,
    syncSets: _sets,
    stopped: _stopped,
    ...status
  } = resource.status;
  const start = positionOf(winner)?.offset;
  return {
    ...status,
    primary: winner.name,
    primaryUID: winner.uid,
    epoch,
    ...(speaksProtocol(resource.spec) ? { ledEpoch: epoch } : {}),
    ...(start === undefined ? {} : { termStart: start }),
    ...(hasQuorum(resource.spec)
      ? { syncSets: inheritedSets(resource, observed, winner.name) }
      : {}),
    ...(record === undefined
      ? {}
      : {
          failovers: withRecord(status.failovers ?? [], record),
          // After a stop nothing has failed, and no role has moved.
          ...(record.trigger === 'Stopped' ? {} : { lastFailoverTime: record.startedAt }),
        }),
  };
}

/** The first primary leads, and the status does not say so yet: it must, before clients can write to it. */
export const isFirstData = (
  { spec, status, deleting }: Resource,
  primary: Member | undefined,
  promoted: boolean,
): boolean =>
  speaksProtocol(spec) &&
  promoted &&
  reportOf(primary) !== undefined &&
  status.initialized !== true &&
  !deleting &&
  !spec.paused;

export const commitFirstData = (resource: Resource, observed: Observed, nowMs: number): Decision =>
  commitOf(resource, observed, { ...resource.status, initialized: true }, nowMs, {
    what: 'the first data set has been made',
    confirmSilence: false,
  });

/** The decision to commit `changed`, with conditions and Events as they are after it. */
function commitOf(
  resource: Resource,
  observed: Observed,
  changed: Status,
  nowMs: number,
  about: Omit<Commit, 'status'>,
): Decision {
  const subject: Resource = { ...resource, status: changed };
  const primary: Member | undefined = primaryOf(subject, observed.members);
  const status = nextStatus(
    subject,
    observed,
    {
      primary,
      failover: { kind: 'None' },
      promoted: false,
      repointed: false,
      excused: excuse(subject, observed, degradedReasonsOf(resource, observed, nowMs), nowMs),
      progress:
        changed.fencing === undefined
          ? [`${changed.primary ?? 'a member'} is being made primary`]
          : [`${changed.fencing.from ?? 'the old primary'} is being fenced`],
      moveStarted: false,
    },
    nowMs,
  );
  return {
    commit: { status, ...about },
    actions: [],
    promoted: false,
    status,
    events: notesOf(resource, status),
  };
}
