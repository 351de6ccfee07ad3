import * as z from 'zod';
import { blackout } from './blackout-spec.ts';
import { example, takesEffect } from './field-notes.ts';

export const plannedChangesSchema = z
  .object({
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .default('UTC')
      .meta({
        description: 'IANA time zone of blackouts, such as Europe/Berlin.',
        ...example('Europe/Berlin'),
      }),
    blackouts: z
      .array(blackout('Days, or hours of each day, without planned changes.'))
      .max(20)
      .default([])
      .meta({
        description:
          'When no planned change begins: no member is replaced because the spec was edited, none is moved to another zone, and the role does not go back to a preferred member. Failovers, repairs, requests by annotation, changes of replicas and drains go on.',
      }),
  })
  .meta({
    description: 'When the operator may change what works.',
    ...takesEffect({ effect: 'AtOnce' }),
  });
