import { relayed } from '../../api/reasons.ts';
import type { Condition, Status } from '../../api/status.ts';
import type { Action } from '../model/action.ts';
import { chaosNotes } from './chaos-events.ts';
import { failoverNotes } from './failover-events.ts';
import type { EventNote, Resource } from '../model/observed.ts';

export const conditionOf = (status: Status, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** The Event for an action on a pod, after it was executed. */
export function noteOfAction(action: Action): EventNote | undefined {
  if (action.type === 'DeletePod') {
    const { member, reason, note } = action.removal;
    return {
      type: reason === 'Frozen' || reason === 'Ended' ? 'Warning' : 'Normal',
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
    ...conditionNotes(before, next),
    ...pauseNotes(before, next),
    ...chaosNotes(before, next),
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

function conditionNotes(before: Status, next: Status): EventNote[] {
  const notes: EventNote[] = [];
  notes.push(...chaosReadyNotes(before, next));
  for (const type of ['FailoverBlocked', 'Degraded'] as const) {
    const old = conditionOf(before, type);
    const now = conditionOf(next, type);
    if (now?.status !== 'True') continue;
    const same = old?.status === 'True' && old.reason === now.reason;
    // The number of missing members changes with each one that comes back: one Event is enough.
    if (same && (old.message === now.message || now.reason === 'MembersMissing')) continue;
    notes.push({
      type: 'Warning',
      reason: type === 'Degraded' ? relayed(now.reason) : type,
      action: type === 'Degraded' ? 'Reconcile' : 'Failover',
      note: now.message,
    });
  }
  const recovered =
    conditionOf(before, 'Degraded')?.status === 'True' &&
    conditionOf(next, 'Degraded')?.status === 'False';
  if (recovered) {
    notes.push({
      type: 'Normal',
      reason: 'Recovered',
      action: 'Reconcile',
      note: conditionOf(next, 'Degraded')?.message ?? 'all members are healthy',
    });
  }
  return notes;
}
