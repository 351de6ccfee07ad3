import * as z from 'zod';
import { example, takesEffect } from './field-notes.ts';

export const templateSchema = z
  .looseObject({
    metadata: z
      .looseObject({})
      .optional()
      .meta({
        description: 'Labels and annotations of the pods.',
        ...example({ labels: { team: 'shop' } }),
      }),
    spec: z
      .looseObject({
        containers: z
          .array(
            z.looseObject({
              // For the rule that engine.container names one.
              name: z
                .string()
                .max(63)
                .optional()
                .meta({ description: 'Name of the container.', ...example('nginx') }),
            }),
          )
          .min(1)
          .max(64)
          .meta({ description: 'Containers of the pods, as in any pod template.' }),
      })
      .meta({ description: 'Spec of the pods, as in any pod template.' }),
  })
  .meta({
    description:
      'Pod template, as in a Deployment. The operator adds names, labels, spread and tolerations; topologySpreadConstraints of yours replace those of the operator for the same topologyKey. A field that Kubernetes does not know is reported in the condition Degraded.',
    ...takesEffect({
      effect: 'RollingUpdate',
      note: 'Another text of the same meaning (0.1 for 100m, a default written out) replaces no member.',
    }),
  });

export const volumeClaimTemplate = z
  .looseObject({
    metadata: z
      .looseObject({
        name: z
          .string()
          .max(40)
          .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
          .meta({
            description: 'Name of the volume, for volumeMounts.',
            ...example('data', {
              effect: 'RollingUpdate',
              note: 'Each member gets a new, empty volume; the claims with the former name are kept.',
            }),
          }),
      })
      .meta({
        description: 'Name, labels and annotations of the claims.',
        ...takesEffect({
          effect: 'NewMembers',
          note: 'Claims that exist keep their labels and annotations.',
        }),
      }),
    spec: z.looseObject({}).meta({
      description: 'Spec of the claims, as in any PersistentVolumeClaim.',
      ...example(
        {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast',
          resources: { requests: { storage: '10Gi' } },
        },
        {
          effect: 'NewMembers',
          note: 'Claims that exist are used as they are, except that a larger size is asked for at once on all of them; a smaller one is told in Degraded (VolumeLarger).',
        },
      ),
    }),
  })
  .meta({ description: 'One volume of each member.' });

export const volumeClaimRetentionPolicy = z
  .object({
    whenDeleted: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .meta({
        description:
          'When the HAService is deleted: keep the claims, or delete them, and with them all data, also those of members that were scaled away. With --cascade=orphan they are kept.',
        ...example('Delete', { effect: 'AtOnce' }),
      }),
    whenScaled: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .meta({
        description:
          'When a scale-down removes a member: keep its claims, or delete them, and with them its data. They go after the pod, when all members that are left are well and hold a complete copy on their disks, and no acknowledged write may depend on the removed one. Replicas 0 is a pause and keeps every claim. Kept are also the claims of a member that was not healthy when it was removed, and of one whose pod was replaced, moved, drained or has failed.',
        ...example('Delete', {
          effect: 'AtOnce',
          note: 'For the scale-downs from then on: the claims of members that were scaled away before stay.',
        }),
      }),
  })
  .meta({
    description:
      'What becomes of the volume claims, as in a StatefulSet. It holds for every claim of spec.volumeClaimTemplates, also for one that you have made or labelled. Done by an owner reference of each claim: Kubernetes deletes the claims. A change takes effect at once.',
  });

const quantities = (what: string, shown: Record<string, string>) =>
  z
    .looseObject({})
    .optional()
    .meta({
      description: `${what}, by resource: for example cpu: 100m and memory: 128Mi.`,
      ...example(shown),
    });

export const agentSchema = z
  .object({
    resources: z
      .object({
        requests: quantities('What it requests', { cpu: '100m', memory: '128Mi' }),
        limits: quantities('What it may use', { memory: '128Mi' }),
      })
      .optional()
      .meta({
        description:
          'Requests and limits of the init container that copies the agent into the pod, for a LimitRange or quota that the default does not meet. They replace the default whole: 128Mi of memory, which it needs, and as much cpu as the container of the program. The agent itself runs in that container, with its resources. A change replaces the members one by one.',
      }),
  })
  .meta({
    description: 'The agent that the operator puts into the pods, if the engine needs one.',
    ...takesEffect({ effect: 'RollingUpdate' }),
  });
