import type { Experiment, ExperimentRecord } from '../../api/chaos-status.ts';
import { durationMs } from '../../api/duration.ts';
import type { Action } from '../model/action.ts';
import { isLive, seemsHealthy } from '../model/member.ts';
import type { Member } from '../model/observed.ts';
import { skewMs } from '../model/since.ts';
import { cut, ended, iso, isoOrNone } from './records.ts';
import { type ChaosSubject, hasUnheardMembers, whyNotSteady } from './steady-state.ts';

/** The next step of the experiment that runs: another phase, the kill, or its end. None of them: it goes on as it is. */
export interface ExperimentStep {
  experiment?: Experiment;
  record?: ExperimentRecord;
  action?: Action;
  requeueAtMs?: number;
}

/** The pods that are hit, those that still live. */
export function hitsOf({ observed }: ChaosSubject, { hits }: Experiment): Member[] {
  const uids = new Set(hits.map(({ uid }) => uid));
  return observed.members.filter((member) => uids.has(member.uid) && isLive(member));
}

export const namesOf = ({ hits }: Experiment) => hits.map(({ pod }) => pod).join(', ');

/** What the kill has not done, or may not have. */
export const notKilled = (clauses: string[]): Pick<Experiment, 'kill'> =>
  clauses.length === 0 ? {} : { kill: cut(clauses.join('; ')) };

/** Whether this process has done the kill, and so has watched the service since. */
export const isOwn = ({ observed }: ChaosSubject, { id, startsAt }: Experiment): boolean =>
  observed.chaos?.injection?.id === id && observed.chaos.injection.startsAt === startsAt;

/** Whether the service has recovered from the kill, and the verdict. */
export function recovering(subject: ChaosSubject, experiment: Experiment): ExperimentStep {
  const { resource, nowMs } = subject;
  const seen = withAnswer(subject, withObservedTimes(subject, experiment));
  const injectedMs = Date.parse(seen.injectedAt ?? seen.startsAt);
  const elapsedMs = nowMs - injectedMs;
  const objectiveMs = durationMs(seen.objective);
  // A new process knows too little for a verdict.
  if (hasUnheardMembers(subject)) return { experiment: seen };
  const unknown = (message: string): ExperimentStep => ({
    record: ended(seen, 'Unknown', nowMs, { message }),
  });
  const { replicas } = resource.spec;
  if (replicas < 2) {
    return unknown(`spec.replicas was set to ${replicas} before the service had recovered`);
  }
  if (elapsedMs < -skewMs) {
    return unknown(`the clock was set back since the kill at ${seen.injectedAt ?? 'that time'}`);
  }
  const left = hitsOf(subject, seen);
  const unsteady =
    left.length > 0 && seen.isUnsure !== true
      ? `${left.map(({ name }) => name).join(', ')} still runs`
      : whyNotSteady(subject, injectedMs);
  if (unsteady === undefined && elapsedMs > objectiveMs && !isOwn(subject, seen)) {
    return unknown(
      `the operator was restarted, and came back ${Math.round(elapsedMs / 1_000)} s after the kill: the service had recovered by then`,
    );
  }
  if (unsteady === undefined) {
    const took = `recovered after ${Math.max(0, elapsedMs)} ms${seen.kill === undefined ? '' : `; not killed: ${seen.kill}`}`;
    return {
      record: seen.isUnsure
        ? ended(seen, 'Unknown', nowMs, {
            message: `it is not known which of ${namesOf(seen)} the operator has killed: ${seen.kill ?? 'the kill was not answered'}; the service is in its steady state`,
          })
        : elapsedMs > objectiveMs
          ? ended(seen, 'Failed', nowMs, {
              message: `${took}, and recoveryObjective is ${seen.objective}`,
              recoveredAt: iso(nowMs),
            })
          : ended(seen, 'Passed', nowMs, { message: took, recoveredAt: iso(nowMs) }),
    };
  }
  if (resource.spec.paused) {
    return unknown(`spec.paused was set before the service had recovered: ${unsteady}`);
  }
  if (elapsedMs >= objectiveMs) {
    const message = `not recovered within ${seen.objective}: ${unsteady}`;
    return { record: ended(seen, seen.isUnsure ? 'Unknown' : 'Failed', nowMs, { message }) };
  }
  return { experiment: seen, requeueAtMs: injectedMs + objectiveMs };
}

/**
 * Without doubt, if each pod whose kill was not answered is being deleted, or gone: it ran a moment before, and so the kill was done. The
 * answer may be late because a failover of the same service goes first, which is what such a kill causes.
 */
function withAnswer(subject: ChaosSubject, experiment: Experiment): Experiment {
  const injection = isOwn(subject, experiment) ? subject.observed.chaos?.injection : undefined;
  if (injection === undefined || experiment.isUnsure !== true || injection.isUnsure) {
    return experiment;
  }
  if (
    hitsOf(subject, experiment).some(({ uid }) =>
      injection.unanswered.some((each) => each.uid === uid),
    )
  ) {
    return experiment;
  }
  const { isUnsure: _unsure, kill: _kill, ...sure } = experiment;
  return { ...sure, ...notKilled(injection.failures) };
}

/** When the operator saw the steps of the recovery. */
function withObservedTimes(
  { resource, observed, nowMs }: ChaosSubject,
  experiment: Experiment,
): Experiment {
  const injectedMs = Date.parse(experiment.injectedAt ?? experiment.startsAt);
  const failover = resource.status.failovers?.find(
    (record) =>
      record.experiment === experiment.id && Date.parse(record.startedAt) >= injectedMs - skewMs,
  );
  const isHitSeen = experiment.hits.some(
    ({ uid }) => !observed.members.some((member) => member.uid === uid && seemsHealthy(member)),
  );
  const detectedAt =
    failover?.startedAt ?? experiment.detectedAt ?? (isHitSeen ? iso(nowMs) : undefined);
  const failedOverAt =
    failover?.totalMs === undefined
      ? undefined
      : isoOrNone(Date.parse(failover.startedAt) + failover.totalMs);
  return {
    ...experiment,
    ...(detectedAt === undefined ? {} : { detectedAt }),
    ...(failedOverAt === undefined ? {} : { failedOverAt }),
  };
}
