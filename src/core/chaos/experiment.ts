import { longestMs } from '../../api/chaos-spec.ts';
import type { Experiment } from '../../api/chaos-status.ts';
import type { Injection } from '../model/chaos-view.ts';
import type { Member } from '../model/observed.ts';
import { roleOf } from '../model/topology.ts';
import { type Refusal, isMeant } from './draw.ts';
import { latestMs } from './next-time.ts';
import { ended, iso } from './records.ts';
import { type ExperimentStep, hitsOf, isOwn, namesOf, notKilled, recovering } from './recovery.ts';
import { forbidden, refusalOf, refusalOfHits } from './refusals.ts';
import { type ChaosSubject, hasUnheardMembers, lacksProbe } from './steady-state.ts';

export function continueExperiment(subject: ChaosSubject, experiment: Experiment): ExperimentStep {
  switch (experiment.phase) {
    case 'Announced':
      return announced(subject, experiment);
    case 'Injecting':
      return injecting(subject, experiment);
    case 'Recovering':
      return recovering(subject, experiment);
  }
}

const abort = (
  experiment: Experiment,
  { reason, message }: Refusal,
  nowMs: number,
): ExperimentStep => ({ record: ended(experiment, 'Aborted', nowMs, { reason, message }) });

/** Why the kill must not take place any more, or not yet. */
function refusalNow(subject: ChaosSubject, experiment: Experiment): Refusal | 'Wait' | undefined {
  const members = hitsOf(subject, experiment);
  const gone = experiment.hits.find(({ uid }) => !members.some((member) => member.uid === uid));
  if (gone !== undefined) {
    return { reason: 'TargetGone', message: `${gone.pod} was gone before the kill` };
  }
  const changed = whyChanged(subject, experiment, members);
  if (changed !== undefined) return changed;
  const lateMs = subject.nowMs - Date.parse(experiment.startsAt);
  if (lateMs > latestMs) {
    const message = `the kill was due at ${experiment.startsAt}, and the operator came ${Math.round(lateMs / 1_000)} s too late`;
    return { reason: 'Late', message };
  }
  if (hasUnheardMembers(subject) || lacksProbe(subject)) return 'Wait';
  return optOutOf(members) ?? refusalOf(subject) ?? refusalOfHits(subject, members);
}

/** The members are drawn when the experiment is announced. Until the kill, roles and the spec can become others. */
function whyChanged(
  { resource }: ChaosSubject,
  { hits, action, dryRun = false }: Experiment,
  members: Member[],
): Refusal | undefined {
  const { chaos } = resource.spec;
  if (chaos === undefined) return undefined;
  const changed = (message: string): Refusal => ({ reason: 'TargetChanged', message });
  for (const member of members) {
    const hit = hits.find(({ uid }) => uid === member.uid);
    const role = roleOf(resource, member);
    if (hit !== undefined && hit.role !== role) {
      return changed(`${member.name} was ${hit.role} when it was chosen, and is ${role} now`);
    }
    // ZoneKill hits all members of the zone, also those that the target does not name.
    if (action !== 'ZoneKill' && !isMeant(resource, chaos, member)) {
      return changed(`chaos.target was changed, and does not name ${member.name} any more`);
    }
  }
  if (action !== chaos.action) return changed(`chaos.action was changed to ${chaos.action}`);
  return chaos.dryRun === dryRun
    ? undefined
    : changed(`chaos.dryRun was changed to ${chaos.dryRun}`);
}

function announced(subject: ChaosSubject, experiment: Experiment): ExperimentStep {
  const { nowMs } = subject;
  const startsMs = Date.parse(experiment.startsAt);
  if (nowMs < startsMs) {
    const refusal = orderNow(subject, experiment);
    return refusal === undefined ? { requeueAtMs: startsMs } : abort(experiment, refusal, nowMs);
  }
  const refusal = refusalNow(subject, experiment);
  if (refusal === 'Wait') return {};
  if (refusal !== undefined) return abort(experiment, refusal, nowMs);
  if (experiment.dryRun === true) {
    const message = `chaos.dryRun is true: ${namesOf(experiment)} would have been hit`;
    return abort(experiment, { reason: 'DryRun', message }, nowMs);
  }
  return { experiment: { ...experiment, phase: 'Injecting' } };
}

/** What a person has ordered during the announcement: even if that is taken back before the kill. */
function orderNow(subject: ChaosSubject, experiment: Experiment): Refusal | undefined {
  const { nowMs } = subject;
  const refusal = forbidden(subject);
  // It may soon be known again.
  if (refusal !== undefined && refusal.reason !== 'SettingsUnknown') return refusal;
  if (Date.parse(experiment.startsAt) - nowMs > longestMs + latestMs) {
    const message = `the kill is announced for ${experiment.startsAt}, which is too far ahead: a clock was wrong`;
    return { reason: 'Late', message };
  }
  return optOutOf(hitsOf(subject, experiment));
}

function optOutOf(members: Member[]): Refusal | undefined {
  const member = members.find(({ isOptedOut }) => isOptedOut === true);
  return member && { reason: 'OptedOut', message: `${member.name} has opted out since` };
}

function injecting(subject: ChaosSubject, experiment: Experiment): ExperimentStep {
  const { observed, nowMs } = subject;
  const injection = observed.chaos?.injection;
  if (injection !== undefined && isOwn(subject, experiment)) {
    return injected(experiment, injection, nowMs);
  }
  const members = hitsOf(subject, experiment);
  if (members.length < experiment.hits.length) {
    // The process that wrote this phase has ended since, perhaps in the middle of the kill. It is not repeated.
    return {
      experiment: {
        ...experiment,
        phase: 'Recovering',
        injectedAt: experiment.startsAt,
        isUnsure: true,
        kill: 'the operator was restarted during the kill',
      },
    };
  }
  const refusal = refusalNow(subject, experiment);
  if (refusal === 'Wait') return {};
  if (refusal !== undefined) return abort(experiment, refusal, nowMs);
  return { action: { type: 'InjectFault', experiment, members } };
}

function injected(experiment: Experiment, injection: Injection, nowMs: number): ExperimentStep {
  const { killed, failures, unanswered, atMs } = injection;
  const isUnsure = injection.isUnsure || unanswered.length > 0;
  if (killed.length === 0 && !isUnsure) {
    const message = `no member was killed: ${failures.join('; ')}`;
    return abort(experiment, { reason: 'KillRefused', message }, nowMs);
  }
  return {
    experiment: {
      ...experiment,
      // What was not killed is no part of the experiment.
      hits: injection.isUnsure
        ? experiment.hits
        : experiment.hits.filter(
            ({ uid }) => killed.includes(uid) || unanswered.some((each) => each.uid === uid),
          ),
      phase: 'Recovering',
      injectedAt: iso(atMs),
      ...(isUnsure ? { isUnsure } : {}),
      ...notKilled([...unanswered.map(({ why }) => why), ...failures]),
    },
  };
}
