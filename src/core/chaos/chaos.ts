import type { ChaosSpec } from '../../api/chaos-spec.ts';
import type { ChaosStatus, Experiment } from '../../api/chaos-status.ts';
import { durationMs } from '../../api/duration.ts';
import type { Action } from '../model/action.ts';
import { endOf } from '../model/since.ts';
import { type UserRequest, userRequest } from '../model/user-request.ts';
import { type Draw, type Refusal, draw, seedOf } from './draw.ts';
import { continueExperiment } from './experiment.ts';
import { nextTimeOf, whileOff } from './next-time.ts';
import {
  ended,
  iso,
  plannedOf,
  recoveryMsOf,
  refused,
  withRecord,
  withRecoveryTimes,
} from './records.ts';
import type { ExperimentStep } from './recovery.ts';
import { forbidden, refusalOf, refusalOfHits } from './refusals.ts';
import {
  type ChaosSubject,
  hasUnheardMembers,
  lacksProbe,
  probeDue,
  whyNotSteady,
} from './steady-state.ts';

/** How often a service that should recover is looked at, if nothing changes. Milliseconds. */
const lookMs = 500;
/** How long a failed experiment is looked at often, for the time of its late recovery; from then on each minute. Milliseconds. */
const lateRecoveryMs = 600_000;
const lateLookMs = 60_000;
/** How long something that is due waits for members that were not heard yet, and for an answer to the user's request. Milliseconds. */
const longestDelayMs = 45_000;
/** A timer for a later time would overflow, or survive the machine's sleep. Milliseconds. */
const longestWaitMs = 3_600_000;

/** What is to be done about experiments in this pass. */
export interface ChaosPlan {
  /** status.chaos from the next pass on. */
  status?: ChaosStatus;
  /** The kill, which only an experiment has that the stored status names as Injecting; and the user's own request. */
  actions: Action[];
  /** Epoch milliseconds at which to decide again. */
  requeueAtMs?: number;
}

/**
 * Decides about the experiments of one service. An experiment goes through phases in the status, each written before anything follows
 * from it: Announced, Injecting, Recovering; then it becomes a record with a verdict. The kill is an action of the pass that reads
 * Injecting in the stored status, and it names pods by UID. So it is done once, whichever operator does it.
 */
export function planChaos(subject: ChaosSubject): ChaosPlan {
  const { resource, nowMs } = subject;
  const { chaos } = resource.spec;
  const stored = resource.status.chaos;
  if (resource.deleting)
    return { actions: [], ...(stored === undefined ? {} : { status: stored }) };
  if (chaos === undefined)
    return {
      actions: [],
      ...(stored === undefined ? {} : { status: afterRemoval(stored, nowMs) }),
    };
  const before = withLateRecovery(subject, resumed(chaos, stored ?? {}));
  if (before.experiment !== undefined) {
    const plan = continueExperiment(subject, before.experiment);
    const { record, experiment } = plan;
    const after =
      record === undefined
        ? { ...before, experiment: experiment ?? before.experiment }
        : withRecord(before, record, chaos.historyLimit);
    return withNext(subject, suspendedBy(chaos, before, after), plan);
  }
  return withNext(subject, before, {});
}

/** `spec.chaos` was removed: the history stays. */
function afterRemoval(status: ChaosStatus, nowMs: number): ChaosStatus {
  const { nextTime: _next, plan: _plan, suspended: _suspended, ...rest } = status;
  if (rest.experiment === undefined) return rest;
  const isKilled = rest.experiment.phase !== 'Announced';
  const record = isKilled
    ? ended(rest.experiment, 'Unknown', nowMs, {
        message: 'spec.chaos was removed before the service had recovered',
      })
    : ended(rest.experiment, 'Aborted', nowMs, {
        reason: 'ChaosRemoved',
        message: 'spec.chaos was removed before the kill',
      });
  return withRecord(rest, record, Math.max(1, rest.history?.length ?? 1));
}

/** After onFailure: Suspend, a user resumes by setting spec.chaos.suspend to true, and to false again. */
function resumed(chaos: ChaosSpec, status: ChaosStatus): ChaosStatus {
  if (!chaos.suspend && chaos.onFailure === 'Suspend') return status;
  const { suspended: _suspended, ...rest } = status;
  return rest;
}

/** A failed experiment suspends the schedule; one that passes, on request, ends that. */
function suspendedBy(chaos: ChaosSpec, before: ChaosStatus, after: ChaosStatus): ChaosStatus {
  if (after.history === before.history) return after;
  const { suspended: _suspended, ...rest } = after;
  if (after.lastVerdict === 'Passed') return rest;
  return after.lastVerdict === 'Failed' && chaos.onFailure === 'Suspend'
    ? { ...after, suspended: true }
    : after;
}

const lastFailure = ({ history }: ChaosStatus) => {
  const last = history?.find(({ injectedAt }) => injectedAt !== undefined);
  return last?.verdict === 'Failed' && last.recoveredAt === undefined ? last : undefined;
};

/** Fills in the time of a recovery that took longer than the objective. */
function withLateRecovery(subject: ChaosSubject, status: ChaosStatus): ChaosStatus {
  const failed = lastFailure(status);
  if (failed === undefined || subject.resource.spec.replicas < 2) return status;
  if (whyNotSteady(subject, Date.parse(failed.endedAt)) !== undefined) return status;
  const recoveredAt = iso(subject.nowMs);
  const recoveryMs = recoveryMsOf(failed.injectedAt, recoveredAt) ?? 0;
  const record = { ...failed, recoveredAt, recoveryMs };
  const history = status.history?.map((each) => (each === failed ? record : each));
  return withRecoveryTimes({ ...status, ...(history === undefined ? {} : { history }) });
}

/** How often the service is looked at, if a kill or the recovery from one is under way. Milliseconds. */
function lookEveryMs({ resource, nowMs }: ChaosSubject, status: ChaosStatus): number | undefined {
  if (resource.spec.paused) return undefined;
  const { experiment } = status;
  if (experiment !== undefined) {
    // An announced one needs a fresh answer of the user's own request at its time.
    const isNow =
      experiment.phase !== 'Announced' || Date.parse(experiment.startsAt) - nowMs <= lookMs;
    return isNow ? lookMs : undefined;
  }
  const failed = lastFailure(status);
  if (failed === undefined) return undefined;
  return endOf(failed.endedAt, lateRecoveryMs, nowMs) === undefined ? lateLookMs : lookMs;
}

/** Begins an experiment if one is due, and finds the next time. */
function withNext(
  subject: ChaosSubject,
  status: ChaosStatus,
  { action, requeueAtMs }: Pick<ExperimentStep, 'action' | 'requeueAtMs'>,
): ChaosPlan {
  const { resource, observed, nowMs } = subject;
  const kill = action === undefined ? [] : [action];
  const { nextTime: _next, plan: _plan, ...rest } = status;
  const isOff = forbidden(subject) !== undefined || status.suspended === true;
  const scheduled = isOff
    ? whileOff(resource, status)
    : nextTimeOf(resource, observed, status, nowMs);
  const { due, dueMs: dueSinceMs = nowMs, ...next } = scheduled;
  const before = { handled: status.lastRequest, refused: status.refusedRequest };
  const request = userRequest(resource.requests?.chaos, before, resource.createdAtMs, nowMs);
  const isDue = request.kind === 'Due' || due === 'Due';
  const sinceMs = request.kind === 'Due' ? Date.parse(request.value) : dueSinceMs;
  const mayWait = endOf(sinceMs, longestDelayMs, nowMs) !== undefined;
  if (isDue && mayWait && (hasUnheardMembers(subject) || lacksProbe(subject))) {
    // What is due begins when enough is known: nothing counts as handled until then.
    return { status, actions: [...kill, ...probeDue(subject)], requeueAtMs: nowMs + lookMs };
  }
  let after: ChaosStatus = { ...rest, ...next };
  if (request.kind === 'Due') {
    after = begin(subject, { ...after, lastRequest: request.value }, 'Request', undefined);
  } else if (request.kind === 'Refused') {
    const refused = { ...after, refusedRequest: request.value };
    after = begin(subject, refused, 'Request', whyWrong(request));
  }
  if (due === 'Due' && request.kind !== 'Due') {
    after = begin(subject, after, 'Schedule', undefined);
  }
  const everyMs = lookEveryMs(subject, after);
  const dueMs = Date.parse(after.experiment?.startsAt ?? after.nextTime ?? '');
  const waitMs = dueMs > nowMs ? Math.min(dueMs - nowMs, longestWaitMs) : longestWaitMs;
  const timeMs = nowMs + (everyMs ?? waitMs);
  return {
    status: after,
    actions: [...kill, ...(everyMs === undefined ? [] : probeDue(subject))],
    requeueAtMs: Math.min(timeMs, requeueAtMs ?? Infinity),
  };
}

const whyWrong = ({ value, reason, why }: Extract<UserRequest, { kind: 'Refused' }>): Refusal => ({
  reason,
  message: `the annotation haservice.dev/chaos is ${JSON.stringify(value)}: ${why}; annotate with haservice.dev/chaos="$(date -Is)"`,
});

const nothing: Draw = { hits: [], why: 'no member was drawn' };

/** Begins an experiment, or records why not. */
function begin(
  subject: ChaosSubject,
  status: ChaosStatus,
  cause: Experiment['cause'],
  wrong: Refusal | undefined,
): ChaosStatus {
  const { resource, observed, nowMs } = subject;
  const { chaos } = resource.spec;
  if (chaos === undefined) return status;
  const id = (status.count ?? 0) + 1;
  const seed = seedOf(resource, id);
  const about = { id, cause, seed };
  const counted = { ...status, count: id };
  const refuse = (refusal: Refusal) =>
    withKept(
      counted,
      withRecord(
        counted,
        refused(plannedOf(resource, chaos, about, nothing), refusal, nowMs),
        chaos.historyLimit,
      ),
    );
  const general = wrong ?? running(status) ?? refusalOf(subject);
  if (general !== undefined) return refuse(general);
  const drawn = draw(resource, chaos, observed.members, seed, nowMs);
  if ('reason' in drawn) return refuse(drawn);
  const specific = refusalOfHits(subject, drawn.hits);
  if (specific !== undefined) return refuse(specific);
  const announceMs = durationMs(chaos.announce);
  return {
    ...counted,
    experiment: {
      ...plannedOf(resource, chaos, about, drawn),
      phase: announceMs > 0 || chaos.dryRun ? 'Announced' : 'Injecting',
      startsAt: iso(nowMs + announceMs),
    },
  };
}

/** A refusal does not end the experiment that runs. */
const withKept = ({ experiment }: ChaosStatus, after: ChaosStatus): ChaosStatus =>
  experiment === undefined ? after : { ...after, experiment };

function running(status: ChaosStatus): Refusal | undefined {
  const { experiment } = status;
  if (experiment !== undefined) {
    const message = `experiment ${experiment.id} is running (${experiment.phase})`;
    return { reason: 'ExperimentRunning', message };
  }
  const failed = lastFailure(status);
  return failed === undefined
    ? undefined
    : {
        reason: 'NotRecovered',
        message: `the service has not recovered from experiment ${failed.id} yet: ${failed.message}`,
      };
}
