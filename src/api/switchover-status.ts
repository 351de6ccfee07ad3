import * as z from 'zod';
import { text } from './status-fields.ts';

export const switchoverStatusSchema = z
  .object({
    lastRequest: text(
      'The last value of the annotation haservice.dev/switchover for which the role was moved.',
    ).optional(),
    refusedRequest: text('The last value of that annotation that was refused.').optional(),
    message: text('Why it was refused, and what to do.').optional(),
  })
  .meta({ description: 'Planned changes of the primary that a user has asked for.' });
