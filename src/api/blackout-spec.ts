import * as z from 'zod';
import { cel } from './cel.ts';
import { example } from './field-notes.ts';

/** @param description what the zone is used for */
export const timeZone = (description: string) =>
  z
    .string()
    .min(1)
    .max(64)
    .default('UTC')
    .meta({ description, ...example('Europe/Berlin') });

/** @param description what does not happen then. @param entry the same of one entry */
export const blackouts = (description: string, entry: string) =>
  z.array(blackout(entry)).max(20).default([]).meta({ description });

const blackout = (description: string) =>
  z
    .object({
      from: z
        .string()
        .max(10)
        .meta({
          description: 'First day, as 2026-12-24; or the time of day at which it begins, as 22:00.',
          ...example('22:00'),
        }),
      to: z
        .string()
        .max(10)
        .meta({
          description:
            'Last day, as 2027-01-02, which is part of it; or the time of day at which it ends, as 06:00. A time of day before `from` is on the next day.',
          ...example('06:00'),
        }),
    })
    .meta({
      description,
      ...cel({
        rule: "[self.from, self.to].all(t, t.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$')) || [self.from, self.to].all(t, t.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$'))",
        message:
          'from and to are two days, or two times of day; write from: "2026-12-24" and to: "2027-01-02", or from: "22:00" and to: "06:00"',
      }),
    });
