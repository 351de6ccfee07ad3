import * as z from 'zod';
import { example, takesEffect } from './field-notes.ts';

export const placementSchema = z
  .object({
    zones: z
      .object({
        topologyKey: z
          .string()
          .max(317)
          .default('topology.kubernetes.io/zone')
          .meta({
            description: 'Node label that names the zone.',
            ...example('example.com/rack'),
          }),
        minZones: z
          .int()
          .min(1)
          .max(50)
          .optional()
          .meta({
            description:
              'How many zones the members must span. With fewer the service is Degraded; with whenUnsatisfiable: DoNotSchedule the missing members wait.',
            ...example(3, {
              effect: 'AtOnce',
              note: 'It decides where the next member is placed, and is judged in Degraded.',
            }),
          }),
        whenUnsatisfiable: z
          .enum(['DoNotSchedule', 'ScheduleAnyway'])
          .default('ScheduleAnyway')
          .meta({
            description:
              'What to do with a member that would make the zones uneven: leave it Pending (DoNotSchedule), or place it anyway and move it when a better zone appears (ScheduleAnyway).',
            ...example('DoNotSchedule'),
          }),
      })
      .prefault({})
      .meta({
        description: 'Spread over zones. Members go back into balance when a lost zone returns.',
      }),
    nodes: z
      .enum(['Required', 'Preferred'])
      .default('Preferred')
      .meta({
        description: 'Whether two members may share a node: never (Required), or if need be.',
        ...example('Required'),
      }),
    disruptionBudget: z
      .int()
      .min(0)
      .max(100)
      .default(1)
      .meta({
        description:
          'How many members a drain or another voluntary eviction may take at one time. Kept as a PodDisruptionBudget.',
        ...example(2, { effect: 'AtOnce' }),
      }),
  })
  .meta({
    description: 'Where the members run.',
    ...takesEffect({ effect: 'RollingUpdate' }),
  });
