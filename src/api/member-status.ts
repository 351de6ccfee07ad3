import * as z from 'zod';
import { epoch, int, text, time } from './status-fields.ts';

/**
 * What an operator of before writes for Unhealthy. The API server takes it still, so that a failover of such an operator lands:
 * while a new CRD is applied before the new operator runs, and after the operator alone was rolled back. This one never writes it.
 */
export const wordOfBefore = 'Sick';

const healths = ['Unknown', 'Healthy', 'Unhealthy', 'Dead', 'Terminating'] as const;

const copy = z
  .object({
    bytes: z.number().meta({ description: 'How much of the data has come. Bytes.' }),
    totalBytes: z
      .number()
      .meta({ description: 'How much there is; absent if that is not known. Bytes.' })
      .optional(),
    since: time('Since when the copy is being made.'),
    lastProgressTime: time('When it was last seen that more had come; looked at every 10 s.'),
  })
  .meta({ description: 'How far a copy of the primary has come, while it is being made.' });

export const memberStatusSchema = z
  .object({
    pod: text('Name of the pod.'),
    uid: text('UID of the pod.'),
    role: z.enum(['primary', 'standby', 'active']).meta({ description: 'Role of the member.' }),
    neverPrimary: text(
      'The member may not lead: the entry of failover.neverPrimary that names it, as `zone NAME` or `ordinal NUMBER`. Absent: it may.',
    ).optional(),
    zone: text('Zone of its node.').optional(),
    node: text('Its node.').optional(),
    health: z.enum(healths).meta({
      enum: [...healths, wordOfBefore],
      description:
        'What its heartbeats show: Unknown (no answer yet), Healthy, Unhealthy (wrong answers), Dead (refused or silent), Terminating. An older operator writes Sick for Unhealthy.',
    }),
    since: time('Since when.').optional(),
    message: text('Why it is not healthy, or not in its role.').optional(),
    state: text(
      'The state that it reports: Empty, Starting, Cloning, Detached, Following or Leading.',
    ).optional(),
    epoch: epoch('Highest epoch that it has acknowledged.').optional(),
    copy: copy.optional(),
    lagBytes: z
      .number()
      .meta({
        description:
          'How far it is behind the primary. Bytes, rounded up to a power of two; 0 below 64 KiB.',
      })
      .optional(),
    lagSeconds: int('How long it has been behind. Whole seconds; 0 while it is not.').optional(),
  })
  .meta({ description: 'One member.' });

export type CopyStatus = z.output<typeof copy>;
