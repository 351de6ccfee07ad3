import * as z from 'zod';
import { cel } from './cel.ts';
import { duration } from './duration.ts';
import { example, takesEffect } from './field-notes.ts';

export const portNumber = z.int().min(1).max(65535);

const hook = (what: string, path: string) =>
  z
    .object({
      path: z
        .string()
        .max(1024)
        .regex(/^\/[^\s#]*$/)
        .meta({
          description: `Path that is called with POST ${what}. It must be safe to call twice.`,
          ...example(path),
        }),
      port: portNumber
        .optional()
        .meta({ description: 'Port of the hook. Default: engine.port.', ...example(8081) }),
      timeout: duration('How long the hook may take before it counts as failed.', '5s').default(
        '2s',
      ),
    })
    .meta({
      description: `Called ${what}. The JSON body holds action, member, epoch and reason; the header HAService-Epoch repeats the epoch. Any 2xx answer of at most 64 KiB means done. A member should refuse an epoch lower than the highest it has seen.`,
    });

const command = (what: string, script: string) =>
  z
    .array(z.string().max(4096))
    .min(1)
    .max(64)
    .meta({
      description: `Command, and its arguments, that ${what}.`,
      ...example(['/bin/sh', script]),
    });

const secretKey = z
  .object({
    name: z
      .string()
      .max(253)
      .meta({ description: 'Name of the Secret, in the same namespace.', ...example('redis') }),
    key: z
      .string()
      .max(253)
      .default('password')
      .meta({ description: 'Key in it.', ...example('redis-password') }),
  })
  .meta({
    description:
      'Where the password is. It goes from the Secret to the pods alone, as the file /haservice-password/password, and stands in no environment. One final newline is not a part of it.',
    ...takesEffect({
      effect: 'RollingUpdate',
      note: 'Another password in the same Secret is taken over within two minutes, without a restart.',
      refused:
        'With Redis, to add or remove it while members run. Write replicas: 0 and wait until status.replicas is 0. With Postgres, to remove it while members run.',
    }),
  });

export const engineSchema = z
  .object({
    type: z.enum(['TCP', 'HTTP', 'GRPC', 'Exec', 'Redis', 'Postgres']).meta({
      description:
        'How to talk to the program. TCP holds a connection open to every member (with tcp.send it also asks); HTTP sends a GET over a connection that stays open, and with topology: LeaderFollower speaks the member protocol of docs/engines.md; GRPC asks the health service of gRPC, and with topology: LeaderFollower speaks the member protocol over gRPC; Exec runs commands in the pod; Redis and Postgres know those programs.',
      ...example('HTTP', {
        effect: 'RollingUpdate',
        refused: 'To or from Redis, Postgres or Exec, also while no member runs.',
      }),
    }),
    port: portNumber.optional().meta({
      description:
        'Port of the pods that is probed. Default: the target of the first entry of ports.',
      ...example(8080),
    }),
    tcp: z
      .object({
        send: z
          .string()
          .max(1024)
          .meta({
            description:
              'Text sent at each heartbeat. Write \\r\\n escapes inside double quotes in YAML.',
            ...example('PING\r\n'),
          }),
        expect: z
          .string()
          .min(1)
          .max(1024)
          .meta({
            description: 'Text that the answer must contain for the member to be healthy.',
            ...example('PONG'),
          }),
      })
      .optional()
      .meta({
        description:
          'What to ask over the connection. Without it a frozen process is not found: its kernel keeps the connection open.',
      }),
    http: z
      .object({
        path: z
          .string()
          .max(1024)
          .regex(/^\/[^\s#]*$/)
          .default('/')
          .meta({
            description: 'Path of the GET. Any answer from 200 to 399 is healthy.',
            ...example('/healthz'),
          }),
        host: z
          .string()
          .max(253)
          .optional()
          .meta({
            description: 'Host header to send. Default: the address of the pod.',
            ...example('shop.example.com'),
          }),
      })
      .optional()
      .meta({ description: 'What to ask over HTTP. Default: GET /.' }),
    grpc: z
      .object({
        service: z
          .string()
          .max(253)
          .default('')
          .meta({
            description:
              'Name of the service whose health is asked for. Default: that of the whole program.',
            ...example('shop.Cart'),
          }),
      })
      .optional()
      .meta({
        description:
          'What to ask by grpc.health.v1.Health. Only SERVING is healthy. With topology: LeaderFollower the report of the member protocol is asked for instead.',
      }),
    promote: hook('on the member that becomes primary', '/promote').optional(),
    demote: hook('on a member that is, or comes back as, a standby', '/demote').optional(),
    exec: z
      .object({
        status: command(
          'prints the JSON report of docs/engines.md: state, position and more; exit code 0 means healthy',
          '/lead/status.sh',
        ),
        promote: command(
          'makes the member take writes; it gets HASERVICE_EPOCH',
          '/lead/promote.sh',
        ).optional(),
        follow: command(
          'makes it follow HASERVICE_LEADER_HOST and HASERVICE_LEADER_PORT, and take no writes',
          '/lead/follow.sh',
        ).optional(),
        fence: command('makes it take no writes and follow no leader', '/lead/fence.sh').optional(),
        timeout: duration('How long a command may take.', '10s').default('5s'),
      })
      .optional()
      .meta({
        description:
          'Commands that are run in the container of the program, beside it. Each may be run again.',
      }),
    dataDir: z
      .string()
      .max(1024)
      .regex(/^\/[^\s]*$/)
      .optional()
      .meta({
        description:
          'Folder of the data, on a volume if it is to outlive the pod. Default: /data (Redis, Exec), /var/lib/postgresql/data (Postgres).',
        ...example('/var/lib/data'),
      }),
    passwordSecret: secretKey.optional(),
    tls: z
      .object({
        secretName: z
          .string()
          .max(253)
          .meta({
            description:
              'Secret of type kubernetes.io/tls, with ca.crt, that is mounted in the pods.',
            ...example('redis-tls'),
          }),
      })
      .optional()
      .meta({
        description: 'TLS for clients and for replication (Redis, Postgres).',
        ...takesEffect({
          effect: 'RollingUpdate',
          note: 'A renewed certificate in the same Secret is read within some minutes, without a restart.',
          refused:
            'To add or remove it while members run. Write replicas: 0 and wait until status.replicas is 0.',
        }),
      }),
    container: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .meta({
        description:
          'Name of the container of the template whose program the agent starts and leads, if there is an agent. Default: the first one. The others run as they are. A change replaces the members one by one.',
        ...example('redis', {
          effect: 'RollingUpdate',
          note: 'To name the container that is the first one anyway changes nothing.',
        }),
      }),
    agentPort: portNumber.optional().meta({
      description: 'Port of the agent that the operator puts beside the program. Default: 8990.',
      ...example(9990),
    }),
  })
  .meta({
    description:
      'How to talk to the program in the pods: how to probe its health, and how to tell it its role.',
    ...takesEffect({ effect: 'RollingUpdate' }),
    ...cel(
      {
        rule: "self.type == 'Exec' ? has(self.exec) : !has(self.exec)",
        message: 'engine.exec goes with type: Exec, which needs it; add or remove it',
      },
      {
        rule: "!has(self.promote) && !has(self.demote) || self.type in ['TCP', 'HTTP']",
        message:
          'engine.promote and engine.demote go with type TCP or HTTP; remove them, the other engines know how',
      },
      {
        rule: "!has(self.tls) || self.type in ['Redis', 'Postgres']",
        message: 'engine.tls goes with type Redis or Postgres; remove it',
      },
      {
        rule: "self.type == 'TCP' || !has(self.tcp)",
        message: 'engine.tcp goes with type: TCP; remove it or set engine.type to TCP',
      },
      {
        rule: "self.type == 'HTTP' || !has(self.http)",
        message: 'engine.http goes with type: HTTP; remove it or set engine.type to HTTP',
      },
      {
        rule: "self.type == 'GRPC' || !has(self.grpc)",
        message: 'engine.grpc goes with type: GRPC; remove it or set engine.type to GRPC',
      },
    ),
  });

export type EngineSpec = z.output<typeof engineSchema>;
export type EngineType = EngineSpec['type'];
export type HookSpec = NonNullable<EngineSpec['promote']>;
/** What a hook of the user's tells a member: that it leads, or that it does not. */
export type HookKind = 'promote' | 'demote';
