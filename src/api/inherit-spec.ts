import * as z from 'zod';
import { cel } from './cel.ts';
import { example, takesEffect } from './field-notes.ts';

const names = (what: string, name: string) =>
  z
    .array(z.string().min(1).max(317))
    .max(50)
    .optional()
    .meta({
      description: `Names of ${what} of the HAService that its objects get.`,
      ...example([name]),
    });

export const inheritSchema = z
  .object({
    labels: names('labels', 'example.com/team'),
    annotations: names('annotations', 'example.com/cost-center'),
  })
  .meta({
    description:
      'Labels and annotations of the HAService that its pods, Services, EndpointSlices, volume claims and disruption budget get as well, such as those for costs or network policies. A change takes effect at once, without a restart. What spec.template or spec.services gives an object itself comes first.',
    ...takesEffect({ effect: 'AtOnce' }),
    ...cel(
      ...['labels', 'annotations'].map((field) => ({
        rule: `!has(self.${field}) || self.${field}.all(name, !name.startsWith('haservice.dev/') && name != 'app.kubernetes.io/managed-by' && name != 'kubectl.kubernetes.io/last-applied-configuration')`,
        message: `inherit.${field} names what the operator or kubectl sets itself; remove that name`,
      })),
    ),
  });
