import * as z from 'zod';
import { chaosActions } from './chaos-spec.ts';
import { time as anyTime, int, text } from './status-fields.ts';

/** The API server takes times that no clock has, such as an offset of +99:99. */
const time = (description: string) =>
  anyTime(description).refine((value) => Number.isFinite(Date.parse(value)));
const ms = (description: string) => int(`${description} Milliseconds.`);

const hit = z
  .object({
    pod: text('Name of the pod.'),
    uid: text('UID of the pod.'),
    role: text('Its role at that time: primary, standby or active.'),
    zone: text('Its zone.').optional(),
  })
  .meta({ description: 'A member that is hit.' });

/** What is decided when an experiment begins. It does not change any more, whatever the spec becomes. */
const planned = {
  id: int('Counts the experiments of this HAService, from 1.'),
  cause: z.enum(['Schedule', 'Request']).meta({
    description: 'Schedule: its time has come. Request: the annotation haservice.dev/chaos.',
  }),
  action: z.enum(chaosActions).meta({ description: 'What is done to the members.' }),
  seed: int('Seed of the random choice of the members.'),
  hits: z.array(hit).meta({ description: 'The members that are hit.' }),
  why: text('Why these members.'),
  objective: text('recoveryObjective, as it was when the experiment began.'),
  dryRun: z.boolean().optional().meta({ description: 'True: no member is killed.' }),
};

const seen = {
  injectedAt: time('When the first member was killed.').optional(),
  detectedAt: time('When the operator found the first of these members failed.').optional(),
  kill: text('What of the kill was not done, or may not have been, and why.').optional(),
  failedOverAt: time(
    'When the Service pointed at a new primary, if the primary was hit.',
  ).optional(),
};

const experiment = z
  .object({
    ...planned,
    phase: z.enum(['Announced', 'Injecting', 'Recovering']).meta({
      description:
        'Announced: the kill comes at startsAt. Injecting: it is being done. Recovering: the service is expected to recover.',
    }),
    startsAt: time('When the kill is due.'),
    ...seen,
    isUnsure: z.boolean().optional().meta({
      description: 'True: it is not known whether the kill was done; kill says why.',
    }),
  })
  .meta({ description: 'The experiment that runs.' });

const verdict = z.enum(['Passed', 'Failed', 'Refused', 'Aborted', 'Unknown']).meta({
  description:
    'Passed: recovered within the objective. Failed: not. Refused: not begun, as it would have been a danger. Aborted: begun, and ended before the kill. Unknown: it is not known whether the kill was done, or the recovery could not be watched.',
});

const entry = z
  .object({
    ...planned,
    verdict,
    reason: text('Refused and Aborted: one word for programs.').optional(),
    message: text('What happened, for a person.'),
    at: time('When the experiment was due.'),
    ...seen,
    recoveredAt: time(
      'When all members were healthy again, in their roles. Filled in later if that took longer than the objective.',
    ).optional(),
    recoveryMs: ms('From injectedAt to recoveredAt.').optional(),
    endedAt: time('When the verdict was given.'),
  })
  .meta({ description: 'One experiment.' });

export const chaosStatusSchema = z
  .object({
    nextTime: time('When the next experiment is due.').optional(),
    plan: text('The schedule that nextTime was computed from.').optional(),
    lastRequest: text(
      'The last value of the annotation haservice.dev/chaos that was handled.',
    ).optional(),
    refusedRequest: text(
      'The last value of that annotation that was no recent time stamp: it was refused once.',
    ).optional(),
    count: int('How many experiments have been due.').optional(),
    suspended: z.boolean().optional().meta({
      description: 'True: an experiment has failed, and onFailure is Suspend.',
    }),
    experiment: experiment.optional(),
    lastVerdict: text('The verdict on the last experiment.').optional(),
    history: z.array(entry).optional().meta({ description: 'The last experiments, newest first.' }),
    summary: z
      .object({
        experiments: int('How many experiments have killed a member.'),
        passed: int('How many of them have passed.'),
        medianRecoveryMs: ms('Median of recoveryMs over the history.').optional(),
        worstRecoveryMs: ms('The longest recoveryMs ever.').optional(),
      })
      .optional()
      .meta({ description: 'All experiments together.' }),
  })
  .meta({ description: 'Experiments: what runs, what is next, and what came of the last ones.' });

export type ChaosStatus = z.output<typeof chaosStatusSchema>;
export type Experiment = z.output<typeof experiment>;
export type ExperimentRecord = z.output<typeof entry>;
export type ExperimentVerdict = z.output<typeof verdict>;
