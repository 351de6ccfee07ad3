import * as z from 'zod';
import { duration } from './duration.ts';

/** CEL rules travel from the schema into the CRD under this key; messages say what to write instead. */
export interface CelRule {
  rule: string;
  message: string;
}
const cel = (...rules: CelRule[]) => ({ 'x-kubernetes-validations': rules });

const portNumber = z.int().min(1).max(65535);

const port = z
  .object({
    name: z
      .string()
      .max(15)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .meta({ description: 'Name of the port. Required where there is more than one.' }),
    port: portNumber.meta({ description: 'Port that the Services offer.' }),
    targetPort: z
      .union([portNumber, z.string().min(1).max(15)])
      .optional()
      .meta({
        description: 'Port of the pods, by number or by container port name. Default: port.',
      }),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').meta({
      description: 'Protocol of the port: TCP (default), UDP or SCTP.',
    }),
  })
  .meta({ description: 'One port that the Services offer.' });

const hook = (what: string) =>
  z
    .object({
      path: z
        .string()
        .max(1024)
        .regex(/^\/[^\s#]*$/)
        .meta({
          description: `Path that is called with POST ${what}. It must be safe to call twice.`,
        }),
      port: portNumber.optional().meta({ description: 'Port of the hook. Default: engine.port.' }),
      timeout: duration('How long the hook may take before it counts as failed.').default('2s'),
    })
    .meta({
      description: `Called ${what}. The JSON body holds action, member, epoch and reason; the header HAService-Epoch repeats the epoch. Any 2xx answer of at most 64 KiB means done. A member should refuse an epoch lower than the highest it has seen.`,
    });

const engine = z
  .object({
    type: z.enum(['TCP', 'HTTP']).meta({
      description:
        'How to hear a heartbeat. TCP holds a connection open to every member (with tcp.send it also asks); HTTP sends a GET over a connection that stays open.',
    }),
    port: portNumber.optional().meta({
      description:
        'Port of the pods that is probed. Default: the target of the first entry of ports.',
    }),
    tcp: z
      .object({
        send: z.string().max(1024).meta({
          description:
            'Text sent at each heartbeat. Write \\r\\n escapes inside double quotes in YAML.',
        }),
        expect: z.string().min(1).max(1024).meta({
          description: 'Text that the answer must contain for the member to be healthy.',
        }),
      })
      .optional()
      .meta({
        description:
          'What to ask over the connection. Without it a frozen process goes unheard: its kernel keeps the connection open.',
      }),
    http: z
      .object({
        path: z
          .string()
          .max(1024)
          .regex(/^\/[^\s#]*$/)
          .default('/')
          .meta({ description: 'Path of the GET. Any answer from 200 to 399 is healthy.' }),
        host: z
          .string()
          .max(253)
          .optional()
          .meta({ description: 'Host header to send. Default: the address of the pod.' }),
      })
      .optional()
      .meta({ description: 'What to ask over HTTP. Default: GET /.' }),
    promote: hook('on the member that becomes primary').optional(),
    demote: hook('on a member that is, or comes back as, a standby').optional(),
  })
  .meta({
    description:
      'How to talk to the program in the pods: how to hear that it lives, and how to tell it its role.',
    ...cel(
      {
        rule: "self.type == 'TCP' || !has(self.tcp)",
        message: 'engine.tcp goes with type: TCP; remove it or set engine.type to TCP',
      },
      {
        rule: "self.type == 'HTTP' || !has(self.http)",
        message: 'engine.http goes with type: HTTP; remove it or set engine.type to HTTP',
      },
    ),
  });

const placement = z
  .object({
    zones: z
      .object({
        topologyKey: z
          .string()
          .max(317)
          .default('topology.kubernetes.io/zone')
          .meta({ description: 'Node label that names the zone.' }),
        minZones: z.int().min(1).max(50).optional().meta({
          description:
            'How many zones the members must span. With fewer the service is Degraded; with whenUnsatisfiable: DoNotSchedule the missing members wait.',
        }),
        whenUnsatisfiable: z
          .enum(['DoNotSchedule', 'ScheduleAnyway'])
          .default('ScheduleAnyway')
          .meta({
            description:
              'What to do with a member that would make the zones uneven: leave it Pending (DoNotSchedule), or place it anyway and move it when a better zone appears (ScheduleAnyway).',
          }),
      })
      .prefault({})
      .meta({
        description: 'Spread over zones. Members go back into balance when a lost zone returns.',
      }),
    nodes: z.enum(['Required', 'Preferred']).default('Preferred').meta({
      description: 'Whether two members may share a node: never (Required), or if need be.',
    }),
    disruptionBudget: z.int().min(0).max(100).default(1).meta({
      description:
        'How many members a drain or another voluntary eviction may take at one time. Kept as a PodDisruptionBudget.',
    }),
  })
  .meta({
    description: 'Where the members run.',
  });

const heartbeat = z
  .object({
    interval: duration(
      'How often each member is asked. Between 10ms and the timeout; 100ms with timeout: 500ms is the fast setting.',
    ).default('500ms'),
    timeout: duration(
      'How long a member may be silent before it counts as dead. A process that has died is known at once, by the reset of its connection; this is for one that hangs or is cut off.',
    ).default('2s'),
    detector: z.enum(['Deadline', 'PhiAccrual']).default('Deadline').meta({
      description:
        'How silence is judged: by the timeout alone, or earlier where phi accrual finds it improbable in the light of past heartbeats (Hayashibara et al., 2004). The timeout stays the upper bound.',
    }),
    phiThreshold: z.number().min(1).max(16).default(8).meta({
      description: 'PhiAccrual: suspicion at which a silent member counts as dead. Default 8.',
    }),
    failureThreshold: z.int().min(1).max(100).default(3).meta({
      description:
        'How many wrong answers in a row (an HTTP error, an unexpected text) make a member sick.',
    }),
  })
  .meta({
    description:
      'How a dead, hanging or sick member is noticed. Delays of the operator itself never count against a member.',
    ...cel(
      {
        rule: 'duration(self.timeout) > duration(self.interval)',
        message:
          'heartbeat.timeout must be longer than heartbeat.interval; write for example interval: 500ms and timeout: 2s',
      },
      {
        rule: "duration(self.interval) >= duration('10ms')",
        message: 'heartbeat.interval must be at least 10ms; write for example interval: 100ms',
      },
    ),
  });

const failover = z
  .object({
    automatic: z.boolean().default(true).meta({
      description:
        'Whether a standby is promoted without asking when the primary fails. When false the service waits, and the condition FailoverBlocked says so.',
    }),
    delay: duration(
      'How long to wait after the primary is found dead, in case it comes back by itself.',
    ).default('0s'),
    minInterval: duration(
      'Least time between two failovers, so that a fault that follows the primary cannot make it flap.',
    ).default('5s'),
  })
  .meta({
    description:
      'What happens when the primary fails. The operator first commits its decision (status.primary and a raised status.epoch in one guarded write), then promotes the healthy standby, then points the Service NAME at it, and records the milliseconds of each phase in status.failovers. Not used with topology: ActiveActive.',
  });

const template = z
  .looseObject({
    metadata: z
      .looseObject({})
      .optional()
      .meta({ description: 'Labels and annotations of the pods.' }),
    spec: z
      .looseObject({
        containers: z
          .array(z.looseObject({}))
          .min(1)
          .meta({ description: 'Containers of the pods, as in any pod template.' }),
      })
      .meta({ description: 'Spec of the pods, as in any pod template.' }),
  })
  .meta({
    description:
      'Pod template, as in a Deployment. The operator adds names, labels, spread and tolerations. A field that Kubernetes does not know is reported in the condition Degraded.',
  });

export const specSchema = z
  .object({
    topology: z.enum(['ActivePassive', 'ActiveActive']).default('ActivePassive').meta({
      description:
        'ActivePassive: one primary takes the traffic of the Service NAME, the others stand by. ActiveActive: every healthy member takes traffic.',
    }),
    replicas: z.int().min(0).max(100).default(3).meta({
      description: 'How many members to keep.',
    }),
    ports: z.array(port).min(1).max(20).meta({ description: 'Ports that the Services offer.' }),
    engine,
    template,
    placement: placement.prefault({}),
    heartbeat: heartbeat.prefault({}),
    failover: failover.prefault({}),
    paused: z.boolean().default(false).meta({
      description:
        'When true the operator changes nothing: no failover, no new pods. It goes on watching and says Paused.',
    }),
  })
  .meta({
    description: 'What the service should be.',
    ...cel(
      {
        rule: 'self.ports.size() == 1 || self.ports.all(p, has(p.name))',
        message: 'with more than one port each needs a name; add name: to every entry of ports',
      },
      {
        rule: 'self.ports.all(p, !has(p.name) || self.ports.exists_one(q, has(q.name) && q.name == p.name))',
        message: 'port names must differ; give every entry of ports a name of its own',
      },
      {
        rule: 'self.ports.all(p, self.ports.exists_one(q, q.port == p.port && q.protocol == p.protocol))',
        message:
          'two entries of ports offer the same port and protocol; remove one or change its port',
      },
      {
        rule: "self.ports.exists(p, p.protocol == 'TCP') || has(self.engine.port)",
        message: 'no port is TCP; set engine.port to a TCP port that can be probed',
      },
      {
        rule: '!has(self.placement.zones.minZones) || self.replicas == 0 || self.placement.zones.minZones <= self.replicas',
        message:
          'placement.zones.minZones is greater than replicas; raise replicas or lower minZones',
      },
    ),
  });

export type Spec = z.output<typeof specSchema>;
export type EngineSpec = Spec['engine'];
export type HookSpec = NonNullable<EngineSpec['promote']>;
export type PortSpec = Spec['ports'][number];
