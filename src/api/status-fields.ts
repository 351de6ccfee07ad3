import * as z from 'zod';
import { highestEpoch } from './epoch.ts';

/** A text of the status. The descriptions of all of these are in the CRD. */
export const text = (description: string) => z.string().meta({ description });

export const int = (description: string) => z.int().meta({ description });

export const epoch = (description: string) => z.int().max(highestEpoch).meta({ description });

export const time = (description: string) =>
  z.string().meta({ description: `${description} RFC 3339.`, format: 'date-time' });

/** metav1.Condition. */
export const conditionSchema = z
  .object({
    type: text('Ready, Progressing, Degraded, FailoverBlocked, Fenced, SpecWarning or ChaosReady.'),
    status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'True, False or Unknown.' }),
    observedGeneration: int('metadata.generation that this was derived from.').optional(),
    lastTransitionTime: time('When status last changed.'),
    reason: text('One word for programs.'),
    message: text('What a person should know, and can do.'),
  })
  .meta({ description: 'A condition, as everywhere in Kubernetes.' });

export const ms = (description: string) =>
  z.number().meta({ description: `${description} Milliseconds.` });
