import * as z from 'zod';
import { blackouts, timeZone } from './blackout-spec.ts';
import { takesEffect } from './field-notes.ts';

export const plannedChangesSchema = z
  .object({
    timeZone: timeZone('IANA time zone of blackouts, such as Europe/Berlin.'),
    blackouts: blackouts(
      'When no planned change begins: no member is replaced because the spec was edited, none is moved to another zone, and the role does not go back to a preferred member. Failovers, repairs, requests by annotation, changes of replicas and drains go on.',
      'Days, or hours of each day, without planned changes.',
    ),
  })
  .meta({
    description: 'When the operator may change what works.',
    ...takesEffect({ effect: 'AtOnce' }),
  });
