import * as z from 'zod';

/** A text of the status. The descriptions of all of these are in the CRD. */
export const text = (description: string) => z.string().meta({ description });

export const int = (description: string) => z.int().meta({ description });

export const time = (description: string) =>
  z.string().meta({ description: `${description} RFC 3339.`, format: 'date-time' });
