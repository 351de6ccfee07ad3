import * as z from 'zod';
import { chaosStatusSchema } from './chaos-status.ts';
import {
  plannedAbsence,
  refusedMove,
  restartStatusSchema,
  switchoverStatusSchema,
} from './change-status.ts';
import { memberStatusSchema, wordOfBefore } from './member-status.ts';
import { conditionSchema, epoch, int, ms, text, time } from './status-fields.ts';

const candidate = z
  .object({
    pod: text('Name of the pod.'),
    position: text('Its position, as TERM/OFFSET; or why that is not known.').optional(),
    chosen: z.boolean().meta({ description: 'Whether it was chosen.' }),
    why: text('Why, or why not.'),
  })
  .meta({ description: 'A member that could have become primary.' });

const loss = z
  .object({
    bytes: z.number().meta({ description: 'How much was lost. Bytes of the log.' }).optional(),
    transactions: int('How many transactions were lost.').optional(),
    message: text('What is known of it, and where the discarded data are.'),
  })
  .meta({
    description:
      'Writes that the former primary had and its successor did not have. Filled in when the former primary is back; absent: no loss is known.',
  });

const syncSet = z
  .object({
    members: z
      .array(z.string())
      .meta({ description: 'Pods that acknowledge writes of the primary.' }),
    acks: int('How many of them must have a write before it is acknowledged to the client.'),
    revision: int(
      'Counts the sets of an epoch, so that no late order brings an old set back.',
    ).exactOptional(),
  })
  .meta({ description: 'The members that acknowledge writes.' });

const triggers = [
  'Crash',
  'Silent',
  'Unhealthy',
  'PodGone',
  'Restarted',
  'DataLost',
  'PromoteFailed',
  'Isolated',
  'Switchover',
  'Stopped',
  'TooHighEpoch',
] as const;
const trigger = z.enum(triggers).meta({
  enum: [...triggers, wordOfBefore],
  description:
    'Why: the process died (Crash), did not answer in time (Silent), answered wrongly (Unhealthy), its pod went away (PodGone), it came back as another process (Restarted) or without its data (DataLost), the elected member could not be promoted (PromoteFailed), its followers have lost their links to it, so that it can acknowledge nothing (Isolated), the operator moved the role on purpose (Switchover), the service was scaled to 0 and back (Stopped), or it has acknowledged an order of another client in an epoch that the service has not reached, so that it refuses all orders of the service (TooHighEpoch). An older operator writes Sick for Unhealthy.',
});

const fencing = z
  .object({
    epoch: epoch('Epoch of the fence.'),
    from: text('Pod that was primary.').optional(),
    trigger,
    evidence: text('What the heartbeats of the old primary showed.').optional(),
    startedAt: time('When the old primary was found failed.'),
    detectMs: ms('As in failovers.').optional(),
    experiment: int('As in failovers.').optional(),
    podDeleted: z.boolean().meta({ description: 'As in failovers.' }).optional(),
    request: text('As in failovers.').optional(),
    wanted: text('As in failovers.').optional(),
    waitMs: ms('As in failovers.').optional(),
  })
  .meta({
    description:
      'Strong: a failover that has begun: members are being ordered to stop following the old primary.',
  });

const failoverRecord = z
  .object({
    epoch: epoch('Epoch that this failover began.'),
    from: text('Pod that was primary.').optional(),
    to: text('Pod that became primary.'),
    wanted: text(
      'Switchover: pod that was meant to lead; one that had more data does instead.',
    ).optional(),
    trigger,
    evidence: text('What the heartbeats of the old primary showed.').optional(),
    startedAt: time('When the old primary was found failed.'),
    fence: text(
      'How it was proved that the old primary takes no writes, and the proof.',
    ).optional(),
    experiment: int(
      'The experiment of status.chaos that hit the old primary; absent if none did.',
    ).optional(),
    podDeleted: z
      .boolean()
      .meta({
        description:
          'The pod of the old primary was deleted through the API, and nothing was known to be wrong with it: such a failover does not make the next one wait.',
      })
      .optional(),
    request: text(
      'The value of the annotation haservice.dev/failover-now that ended the wait.',
    ).optional(),
    candidates: z
      .array(candidate)
      .optional()
      .meta({ description: 'The members that could have been chosen.' }),
    loss: loss.optional(),
    detectMs: ms(
      'From the last sign of the old primary to the verdict: from the end of its connection (Crash), else from its last answer.',
    ).optional(),
    waitMs: ms(
      'How long the failover was held up, as FailoverBlocked said; absent: it was not. The next phases begin after that.',
    ).optional(),
    fenceMs: ms('From the verdict to the proof that the old primary takes no writes.').optional(),
    electMs: ms('From the verdict, or the fence, to the committed decision.').optional(),
    promoteMs: ms('From the decision to the promotion done.').optional(),
    repointMs: ms('From the promotion to the Service pointing at the new primary.').optional(),
    firstSuccessMs: ms(
      'From there to the first answer through the Service; added when that has come.',
    ).optional(),
    totalMs: ms('From the verdict to the Service pointing at the new primary.').optional(),
    gapMs: ms(
      'From the last sign of the old primary to the first answer through the Service: what a client saw. Absent: no operator saw that sign.',
    ).optional(),
    outcome: z.enum(['Promoting', 'Completed', 'Superseded']).meta({
      description:
        'How far it has come: Promoting; Completed, when the new primary is promoted and the Service points at it; or Superseded, if the new primary failed before that.',
    }),
  })
  .meta({ description: 'One failover and the milliseconds of its phases.' });

const phases = [
  'Pending',
  'Failed',
  'Healthy',
  'Progressing',
  'Degraded',
  'FailingOver',
  'Unavailable',
  'Paused',
  'Stopped',
] as const;

export const statusSchema = z
  .object({
    observedGeneration: int('metadata.generation that this status was derived from.').optional(),
    phase: z.enum(phases).optional().meta({
      description:
        'In one word: Pending (it starts for the first time), Failed (it cannot start before a person corrects something: see reason), Healthy, Progressing (a planned change runs, and nothing is wrong), Degraded, FailingOver, Unavailable, Paused or Stopped.',
    }),
    reason: text(
      'The most urgent reason of FailoverBlocked, Degraded or Ready; absent if all is well.',
    ).optional(),
    ready: text(
      'Members that are healthy and in their roles, of those wanted, such as 2/3.',
    ).optional(),
    replicas: int('Number of pods.').optional(),
    scaledTo: int(
      'With volumeClaimTemplates: as how many members it has been complete. More than spec.replicas while it is being scaled down: so a member that a scale-down removes is known from another surplus one.',
    ).optional(),
    readyReplicas: int('Members that are healthy and in their roles.').optional(),
    selector: text('Label selector of the pods, for scale.').optional(),
    primary: text('Pod that is primary; if stopped: that led.').optional(),
    primaryUID: text('UID of that pod.').optional(),
    consistency: z
      .enum(['Strong', 'Eventual'])
      .meta({
        description:
          'What holds for the writes that the primary acknowledges now. After a change of failover.consistency the former value stays until the members have taken the new one over. Absent: no member leads.',
      })
      .optional(),
    primaryLeaseMs: ms(
      'Duration of the lease with which the pod of the primary was created: a failover waits for the end of that one, also if the pod is gone and the spec has a shorter one now, or none.',
    ).optional(),
    epoch: epoch('Raised by one at each change of the primary; never falls.').optional(),
    ledEpoch: epoch('Epoch in which the primary was elected.').optional(),
    termStart: z
      .number()
      .meta({ description: 'Offset in the log at which the primary began to lead.' })
      .optional(),
    syncSets: z.array(syncSet).max(8).optional().meta({
      description:
        'Strong: whose acknowledgements the primary asks for, and how many. More than one while they are being changed: then all hold.',
    }),
    fencing: fencing.optional(),
    initialized: z
      .boolean()
      .meta({
        description:
          'Whether the service has ever held data: from then on no member begins with an empty data set.',
      })
      .optional(),
    stopped: z
      .boolean()
      .meta({
        description:
          'The service was scaled to 0, and no member has led since. The last leader holds the newest data; the operator waits for it.',
      })
      .optional(),
    lastFailoverTime: time('When the last failover began.').optional(),
    lastRebalanceTime: time('When a member was last moved to balance the zones.').optional(),
    plannedAbsences: z.array(plannedAbsence).max(128).optional().meta({
      description:
        'Members that an update, a restart, a switchover or a scale-up has taken away or is making: they are no fault while they come back in time.',
    }),
    refusedMoves: z.array(refusedMove).max(16).optional().meta({
      description:
        'Zones that have fewer members than others, and to which no member could be moved. Tried again after an hour, when the spec changes, or when the zone gets more nodes.',
    }),
    members: z
      .array(memberStatusSchema)
      .optional()
      .meta({ description: 'The members, by ordinal.' }),
    failovers: z
      .array(failoverRecord)
      .optional()
      .meta({ description: 'The last 20 changes of the primary, newest first.' }),
    restart: restartStatusSchema.optional(),
    switchover: switchoverStatusSchema.optional(),
    chaos: chaosStatusSchema.optional(),
    conditions: z
      .array(conditionSchema)
      .optional()
      .meta({
        description:
          'Ready, Progressing, Degraded, FailoverBlocked, Fenced, SpecWarning and ChaosReady.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
  })
  .meta({ description: 'What the service is. Written by the operator alone.' });

export type Status = z.output<typeof statusSchema>;
export type Condition = z.output<typeof conditionSchema>;
export type MemberStatus = z.output<typeof memberStatusSchema>;
export type FailoverRecord = z.output<typeof failoverRecord>;
export type Fencing = z.output<typeof fencing>;
export type PlannedAbsence = z.output<typeof plannedAbsence>;
export type RefusedMove = z.output<typeof refusedMove>;
export type Loss = z.output<typeof loss>;
export type Candidate = z.output<typeof candidate>;
export type FailoverTrigger = z.output<typeof trigger>;
