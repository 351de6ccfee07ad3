import type { Experiment, ExperimentRecord, ExperimentVerdict } from '../../api/chaos-status.ts';
import type { Status } from '../../api/status.ts';
import type { EventNote } from '../model/event-note.ts';

const reasons = {
  Passed: 'ExperimentPassed',
  Failed: 'ExperimentFailed',
  Refused: 'ExperimentRefused',
  Aborted: 'ExperimentAborted',
  Unknown: 'ExperimentUnknown',
} as const satisfies Record<ExperimentVerdict, EventNote['reason']>;

const describeHits = ({ hits }: Pick<Experiment, 'hits'>) =>
  hits.map(({ pod, role }) => `${pod} (${role})`).join(', ') || 'no member';

function verdictNote(record: ExperimentRecord): EventNote {
  const { id, verdict, action, message, reason } = record;
  return {
    type: verdict === 'Failed' || verdict === 'Unknown' ? 'Warning' : 'Normal',
    reason: reasons[verdict],
    action: 'Experiment',
    note: `experiment ${id}, ${action} of ${describeHits(record)}: ${reason === undefined ? '' : `${reason}: `}${message}`,
  };
}

/** Events for the experiments that were announced, begun and ended between two statuses. */
export function chaosNotes(before: Status, next: Status): EventNote[] {
  const known = new Set(before.chaos?.history?.map(({ id }) => id));
  const ended = (next.chaos?.history ?? []).filter(({ id }) => !known.has(id));
  const notes: EventNote[] = ended.toReversed().map(verdictNote);
  const { experiment } = next.chaos ?? {};
  const old = before.chaos?.experiment;
  if (experiment === undefined) return notes;
  const isNew = old?.id !== experiment.id;
  const what = `experiment ${experiment.id}, ${experiment.action} of ${describeHits(experiment)}`;
  if (experiment.phase === 'Announced' && isNew) {
    const dry = experiment.dryRun === true ? ' (dry run: without the kill)' : '';
    notes.push({
      type: 'Normal',
      reason: 'ExperimentAnnounced',
      action: 'Experiment',
      note: `${what} at ${experiment.startsAt}${dry}; ${experiment.why}`,
    });
  }
  if (experiment.phase === 'Injecting' && (isNew || old?.phase === 'Announced')) {
    notes.push({
      type: 'Normal',
      reason: 'ExperimentStarted',
      action: 'Experiment',
      note: `${what}; ${experiment.why}`,
    });
  }
  return notes;
}
