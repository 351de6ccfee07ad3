import type { Condition, Status } from '../../api/status.ts';
import type { Action } from '../model/action.ts';
import { begunMs, isPlanned } from '../failover/failover-backoff.ts';
import { chaosNotes } from './chaos-events.ts';
import { failoverNotes } from './failover-events.ts';
import type { EventNote } from '../model/event-note.ts';
import type { Member, Resource } from '../model/observed.ts';

export const conditionOf = (status: Status, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** A verdict that comes later is about another failure than the failover. Milliseconds. */
const sameFailureMs = 60_000;

/** The pod has failed as the primary, FailoverStarted was the warning of that, and it has not been well since. */
function isToldByFailover({ fencing, failovers = [] }: Status, member: Member): boolean {
  const { name, createdAtMs, health, lastEnd } = member;
  const wellMs = health?.healthyOrSuspectSinceWallMs ?? -Infinity;
  const isDown = health?.verdict === 'Dead' || health?.verdict === 'Unhealthy';
  const failedMs = (isDown ? health.sinceWallMs : lastEnd?.finishedAtMs) ?? -Infinity;
  return [...(fencing === undefined ? [] : [fencing]), ...failovers].some((record) => {
    const startedMs = Date.parse(record.startedAt);
    const isSame = wellMs <= startedMs && failedMs <= begunMs(record) + sameFailureMs;
    return record.from === name && !isPlanned(record.trigger) && createdAtMs <= startedMs && isSame;
  });
}

/** The Event for an action on a pod, after it was executed. */
export function noteOfAction(action: Action, status: Status): EventNote | undefined {
  if (action.type === 'DeletePod') {
    const { member, reason, note } = action.removal;
    const isFault = reason === 'Frozen' || reason === 'Ended';
    return {
      type: isFault && !isToldByFailover(status, member) ? 'Warning' : 'Normal',
      reason: 'PodDeleted',
      action: 'Delete',
      note: `${member.name}: ${note}`,
      pod: member.name,
    };
  }
  if (action.type === 'GrowClaim') {
    const { claim, size } = action;
    const note = `${claim.name}: from ${claim.requests} to ${size}`;
    return { type: 'Normal', reason: 'VolumeGrowing', action: 'Resize', note };
  }
  if (action.type === 'GiveUpClaim') {
    const note = `${action.claim.name}: ${action.pod.name} was scaled away (volumeClaimRetentionPolicy.whenScaled: Delete)`;
    return { type: 'Normal', reason: 'VolumeClaimGivenUp', action: 'Delete', note };
  }
  if (action.type !== 'CreatePod') return undefined;
  return {
    type: 'Normal',
    reason: 'PodCreated',
    action: 'Create',
    note: action.manifest.metadata.name,
  };
}

/** Events for the differences between the present status and the next one. */
export function notesOf(resource: Resource, next: Status): EventNote[] {
  const before = resource.status;
  return [
    ...failoverNotes(before, next),
    ...chaosReadyNotes(before, next),
    ...specWarningNotes(before, next),
    ...pauseNotes(before, next),
    ...chaosNotes(before, next),
    ...restartNotes(before, next),
    ...switchoverNotes(before, next),
  ];
}

/** An Event if experiments cannot begin because of the spec; what a user has switched off needs none. */
function chaosReadyNotes(before: Status, next: Status): EventNote[] {
  const old = conditionOf(before, 'ChaosReady');
  const now = conditionOf(next, 'ChaosReady');
  const isNews = now?.status === 'False' && now.message !== old?.message;
  if (!isNews || now.reason === 'Paused' || now.reason === 'Suspended') return [];
  const note = `${now.reason}: ${now.message}`;
  return [{ type: 'Warning', reason: 'ChaosNotReady', action: 'Experiment', note }];
}

/** An Event for what the spec may mean, when that is first said. */
function specWarningNotes(before: Status, next: Status): EventNote[] {
  const now = conditionOf(next, 'SpecWarning');
  if (now === undefined || now.message === conditionOf(before, 'SpecWarning')?.message) return [];
  return [{ type: 'Warning', reason: 'SpecWarning', action: 'Reconcile', note: now.message }];
}

/** Events for a restart that a user has asked for. */
function restartNotes({ restart: before }: Status, { restart: next }: Status): EventNote[] {
  const notes: EventNote[] = [];
  if (next?.lastRequest !== undefined && next.lastRequest !== before?.lastRequest) {
    const note = `each member whose pod was made before ${next.lastRequest} is replaced, one after the other`;
    notes.push({ type: 'Normal', reason: 'RestartRequested', action: 'Restart', note });
  }
  if (next?.message !== undefined && next.refusedRequest !== before?.refusedRequest) {
    const note = next.message;
    notes.push({ type: 'Warning', reason: 'RestartRefused', action: 'Restart', note });
  }
  return notes;
}

/** An Event if a switchover that a user has asked for is refused; that it begins is told as of each other one. */
function switchoverNotes(
  { switchover: before }: Status,
  { switchover: next }: Status,
): EventNote[] {
  const isNews = next?.message !== undefined && next.refusedRequest !== before?.refusedRequest;
  if (!isNews) return [];
  const note = next.message ?? '';
  return [{ type: 'Warning', reason: 'SwitchoverRefused', action: 'Elect', note }];
}

/** Events for a pause and its end. */
function pauseNotes(before: Status, next: Status): EventNote[] {
  const paused = next.phase === 'Paused';
  if (paused === (before.phase === 'Paused')) return [];
  const note = paused
    ? (conditionOf(next, 'Progressing')?.message ?? '')
    : 'spec.paused is false again: work goes on';
  const reason = paused ? 'Paused' : 'Resumed';
  return [{ type: 'Normal', reason, action: 'Reconcile', note }];
}
