import * as z from 'zod';
import { int, text, time } from './status-fields.ts';

export const restartStatusSchema = z
  .object({
    lastRequest: text(
      'The last value of the annotation haservice.dev/restart that was handled: each member whose pod was made before that time is replaced.',
    ).optional(),
    refusedRequest: text(
      'The last value of that annotation that was no recent time stamp: it was refused once.',
    ).optional(),
    message: text('Why it was refused, and what to write.').optional(),
  })
  .meta({ description: 'Restarts that a user has asked for.' });

export const switchoverStatusSchema = z
  .object({
    lastRequest: text(
      'The last value of the annotation haservice.dev/switchover for which the role was moved.',
    ).optional(),
    refusedRequest: text('The last value of that annotation that was refused.').optional(),
    message: text('Why it was refused, and what to do.').optional(),
  })
  .meta({ description: 'Planned changes of the primary that a user has asked for.' });

export const plannedAbsence = z
  .object({
    pod: text('Name of the pod.'),
    since: time('Since when.'),
  })
  .meta({ description: 'A member that is missing by a planned change.' });

export const refusedMove = z
  .object({
    zone: text('The zone.'),
    at: time('When the move failed.'),
    generation: int('metadata.generation at that time.'),
    nodes: int('How many nodes of the zone could take members, as far as the operator knows.'),
    message: text(
      'Why: what the scheduler or the kubelet said, or the last heartbeats of the new member.',
    ),
  })
  .meta({ description: 'A move to another zone that failed.' });
