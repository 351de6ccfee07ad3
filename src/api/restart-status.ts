import * as z from 'zod';
import { text } from './status-fields.ts';

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
