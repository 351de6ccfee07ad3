import * as z from 'zod';
import { cel } from './cel.ts';
import { example, takesEffect } from './field-notes.ts';

/** Source: Kubernetes documentation, "Labels and Selectors", syntax of values. */
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const service = (which: string) =>
  z
    .object({
      type: z
        .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
        .optional()
        .meta({
          description:
            'Type of the Service, as in Kubernetes. Default: ClusterIP. The numbers of node ports are chosen by Kubernetes, and stay.',
          ...example('LoadBalancer'),
        }),
      labels: z
        .record(z.string(), z.string().max(63).regex(labelValue))
        .optional()
        .meta({
          description: 'Labels of the Service. Those of the operator stay as they are.',
          ...example({ team: 'shop' }),
        }),
      annotations: z
        .record(z.string(), z.string())
        .optional()
        .meta({
          description: 'Annotations of the Service, such as those that a cloud provider reads.',
          ...example({ 'example.com/load-balancer': 'internal' }),
        }),
      externalTrafficPolicy: z
        .enum(['Cluster', 'Local'])
        .optional()
        .meta({
          description:
            'Whether traffic from outside may go on to another node (Cluster, the default) or keeps the address of the client and is only taken by nodes with an endpoint (Local). With type NodePort or LoadBalancer.',
          ...example('Local'),
        }),
      sessionAffinity: z
        .enum(['None', 'ClientIP'])
        .optional()
        .meta({
          description:
            'Whether the connections of one client address go to the same member (ClientIP). Default: None.',
          ...example('ClientIP'),
        }),
      sessionAffinityTimeout: z
        .string()
        .regex(/^[1-9][0-9]{0,4}(s|m|h)$/)
        .optional()
        .meta({
          description:
            'For how long after the last connection of a client sessionAffinity holds: 1s to 24h, such as 90s, 30m or 3h (the default).',
          ...example('30m'),
        }),
      loadBalancerClass: z
        .string()
        .max(317)
        .optional()
        .meta({
          description:
            'Which controller makes the load balancer. It cannot be changed while the type is LoadBalancer.',
          ...example('example.com/internal', {
            effect: 'AtOnce',
            note: 'While the type is LoadBalancer, Kubernetes refuses another class, and Degraded says so.',
          }),
        }),
      loadBalancerSourceRanges: z
        .array(z.string().max(64))
        .max(100)
        .optional()
        .meta({
          description:
            'Address ranges, such as 10.0.0.0/8, from which the load balancer takes traffic. Default: all.',
          ...example(['10.0.0.0/8']),
        }),
    })
    .optional()
    .meta({
      description: `The Service ${which}. A field that is left out has its default, also if somebody changes the Service by hand.`,
      ...cel(
        {
          rule: "!has(self.externalTrafficPolicy) || has(self.type) && self.type != 'ClusterIP'",
          message:
            'externalTrafficPolicy needs traffic from outside; remove it, or write type: NodePort or LoadBalancer',
        },
        {
          rule: "!has(self.sessionAffinityTimeout) || has(self.sessionAffinity) && self.sessionAffinity == 'ClientIP'",
          message: 'sessionAffinityTimeout goes with sessionAffinity: ClientIP; add or remove it',
        },
        {
          rule: "!has(self.sessionAffinityTimeout) || duration(self.sessionAffinityTimeout) <= duration('24h')",
          message: 'sessionAffinityTimeout must be at most a day; write 24h or less',
        },
        {
          rule: "!has(self.loadBalancerClass) && !has(self.loadBalancerSourceRanges) || has(self.type) && self.type == 'LoadBalancer'",
          message:
            'loadBalancerClass and loadBalancerSourceRanges go with type: LoadBalancer; remove them, or write that type',
        },
      ),
    });

export const servicesSchema = z
  .object({
    write: service('NAME, which leads to the primary (ActiveActive: to every healthy member)'),
    read: service('NAME-read, which leads to the standbys'),
    all: service('NAME-all, which leads to every healthy member'),
  })
  .meta({
    description:
      'How the Services are reached. A change takes effect at once, and changes no endpoint.',
    ...takesEffect({ effect: 'AtOnce' }),
  });

export type ServiceSettings = NonNullable<z.output<typeof servicesSchema>['write']>;
