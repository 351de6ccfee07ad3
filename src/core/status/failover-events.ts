import type { FailoverRecord, FailoverTrigger, Status } from '../../api/status.ts';
import { isPlanned, whatHappened } from '../failover/failover-backoff.ts';
import type { EventNote } from '../model/event-note.ts';

/** Events of a failover's steps, in their order. */
export function failoverNotes(before: Status, next: Status): EventNote[] {
  const record = next.failovers?.[0];
  const last = before.failovers?.find(({ epoch }) => epoch === record?.epoch);
  return [
    ...fenceNotes(before, next),
    ...electionNotes(before, next, record),
    ...(record?.outcome === 'Completed' && last?.outcome === 'Promoting' ? [ended(record)] : []),
    ...lossNotes(next, last, record),
  ];
}

/** One Warning for a failover: when it begins. A change that a user has asked for is none, and neither is what succeeds. */
function kindOf(trigger: FailoverTrigger): Pick<EventNote, 'type' | 'reason'> {
  if (trigger === 'Stopped') return { type: 'Normal', reason: 'StartedAgain' };
  return isPlanned(trigger)
    ? { type: 'Normal', reason: 'SwitchoverStarted' }
    : { type: 'Warning', reason: 'FailoverStarted' };
}

/** In the night a person must see that an experiment has caused the failover. */
const causeOf = ({ trigger, experiment }: Pick<FailoverRecord, 'trigger' | 'experiment'>) =>
  experiment === undefined ? trigger : `${trigger}, by experiment ${experiment}`;

function fenceNotes(before: Status, next: Status): EventNote[] {
  const { fencing } = next;
  if (fencing === undefined || before.fencing !== undefined) return [];
  const from = fencing.from ?? 'the primary';
  const { epoch, trigger, evidence = '' } = fencing;
  const note =
    trigger === 'Stopped'
      ? `${evidence}, and is started: ${from} is awaited, as it has the newest data (epoch ${epoch} begins)`
      : `${from} ${whatHappened(trigger)} (${causeOf(fencing)}), epoch ${epoch} begins: the next primary is elected when it is proved that ${from} takes no writes: ${evidence}`;
  return [
    {
      ...kindOf(fencing.trigger),
      action: 'Fence',
      note,
      ...(fencing.from === undefined ? {} : { pod: fencing.from }),
    },
  ];
}

function electionNotes(
  before: Status,
  next: Status,
  record: FailoverRecord | undefined,
): EventNote[] {
  const isNew = record !== undefined && record.epoch !== before.failovers?.[0]?.epoch;
  if (isNew && record.epoch === next.epoch) {
    const fence = record.fence === undefined ? '' : `; fenced by ${record.fence}`;
    const after =
      record.trigger === 'Stopped' ? '' : ` after ${record.from ?? 'none'} (${causeOf(record)})`;
    return [
      {
        ...(before.fencing === undefined
          ? kindOf(record.trigger)
          : ({ type: 'Normal', reason: 'PrimaryElected' } as const)),
        action: 'Elect',
        note: `${record.to} becomes primary in epoch ${record.epoch}${after}: ${record.evidence ?? ''}${fence}`,
        pod: record.to,
      },
    ];
  }
  if (next.primaryUID === before.primaryUID || next.primary === undefined) return [];
  return [
    {
      type: 'Normal',
      reason: 'PrimaryElected',
      action: 'Elect',
      note: `${next.primary} becomes primary in epoch ${next.epoch}`,
      pod: next.primary,
    },
  ];
}

const ended = (record: FailoverRecord): EventNote => ({
  type: 'Normal',
  reason: 'FailoverCompleted',
  action: 'Repoint',
  note: `${record.to} takes writes in epoch ${record.epoch}${record.totalMs === undefined ? '' : `, ${record.totalMs} ms after the verdict`}`,
  pod: record.to,
});

/**
 * Writes that the former primary had and no other member has. With a quorum and after a fence none of them was acknowledged: then it
 * is no warning. Without a count the former primary only may have had some.
 */
function lossNotes(
  { syncSets }: Status,
  last: FailoverRecord | undefined,
  record: FailoverRecord | undefined,
) {
  const loss = record?.loss;
  const isTold = last === undefined || last.loss !== undefined || loss === undefined;
  if (isTold || (loss.bytes === 0 && (loss.transactions ?? 0) === 0)) return [];
  const isCounted = loss.bytes !== undefined || loss.transactions !== undefined;
  const isSafe = record?.fence !== undefined && syncSets !== undefined;
  const which = isSafe ? 'writes, none of them acknowledged,' : 'writes';
  const note: EventNote = {
    type: isSafe ? 'Normal' : 'Warning',
    reason: 'WritesDiscarded',
    action: 'Follow',
    note: `${record?.from ?? 'the former primary'} ${isCounted ? 'had' : 'may have had'} ${which} that its successor did not have: ${loss.message}`,
  };
  return [note];
}
