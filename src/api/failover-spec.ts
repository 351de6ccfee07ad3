import * as z from 'zod';
import { cel } from './cel.ts';
import { duration, ifDurations } from './duration.ts';
import { example, takesEffect } from './field-notes.ts';

export const heartbeatSchema = z
  .object({
    interval: duration(
      'How often each member is probed. Between 10ms and the timeout; 100ms with timeout: 500ms is the fast setting.',
      '100ms',
    ).default('500ms'),
    timeout: duration(
      'How long a member may be silent before it counts as dead. The end of a process is found at once, by the reset of its connection; this time is for a process that hangs or is cut off.',
      '1s',
    ).default('2s'),
    detector: z
      .enum(['Deadline', 'PhiAccrual'])
      .default('Deadline')
      .meta({
        description:
          'How silence is judged: by the timeout alone, or earlier if phi accrual finds it improbable, compared with past heartbeats (Hayashibara et al., 2004). The timeout stays the upper bound.',
        ...example('PhiAccrual'),
      }),
    phiThreshold: z
      .number()
      .min(1)
      .max(16)
      .default(8)
      .meta({
        description: 'PhiAccrual: suspicion at which a silent member counts as dead. Default 8.',
        ...example(10),
      }),
    failureThreshold: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .meta({
        description:
          'How many wrong answers in a row (an HTTP error, an unexpected text) make a member unhealthy.',
        ...example(5),
      }),
  })
  .meta({
    description:
      'How a dead, hanging or unhealthy member is found. Delays of the operator itself never count against a member.',
    ...takesEffect({ effect: 'AtOnce' }),
    ...cel(
      {
        rule: ifDurations(
          ['self.timeout', 'self.interval'],
          'duration(self.timeout) > duration(self.interval)',
        ),
        message:
          'heartbeat.timeout must be longer than heartbeat.interval; write for example interval: 500ms and timeout: 2s',
      },
      {
        rule: ifDurations(['self.interval'], "duration(self.interval) >= duration('10ms')"),
        message: 'heartbeat.interval must be at least 10ms; write for example interval: 100ms',
      },
    ),
  });

const zones = (of: string) =>
  z
    .array(z.string().min(1).max(63))
    .min(1)
    .max(50)
    .optional()
    .meta({
      description: 'Zones, by the value of the node label placement.zones.topologyKey.',
      ...example([of]),
    });

const ordinals = (of: number) =>
  z
    .array(z.int().min(0).max(9_999))
    .min(1)
    .max(100)
    .optional()
    .meta({ description: `Numbers of members: ${of} is the member NAME-${of}.`, ...example([of]) });

/** What both ways to name members must satisfy. */
const namesMembers = (field: string) =>
  cel(
    {
      rule: 'has(self.zones) || has(self.ordinals)',
      message: `failover.${field} names no member; write zones or ordinals, or remove ${field}`,
    },
    {
      rule: '!has(self.ordinals) || self.ordinals.all(o, self.ordinals.exists_one(p, p == o))',
      message: `failover.${field}.ordinals has a number twice; remove one of them`,
    },
  );

const preferredPrimary = z
  .object({
    zones: zones('eu-west-1a'),
    ordinals: ordinals(0),
    failbackAfter: duration(
      'How long another member must have led before the role goes back, by a planned change, to one that is named here. Absent: it never goes back by itself.',
      '10m',
    ).optional(),
  })
  .meta({
    description:
      'Members that lead if they can, such as those near the clients or on larger machines. No data are given up for that: of members that have the same data, an election chooses one that is named here. A change takes effect with the next election.',
    ...namesMembers('preferredPrimary'),
  });

const neverPrimary = z
  .object({
    zones: zones('backup-site'),
    ordinals: ordinals(2),
  })
  .meta({
    description:
      'Members that must never lead, such as those of a backup site or on smaller machines (nofailover of Patroni, priority 0 of Redis Sentinel). They hold copies and take reads like all others. Strong: they acknowledge no writes, except with engine.type: Redis, which counts every replica. A change takes effect at once, without a restart: a primary that is named here hands over its role when another member can take it.',
    ...namesMembers('neverPrimary'),
  });

export const failoverSchema = z
  .object({
    automatic: z
      .boolean()
      .default(true)
      .meta({
        description:
          'Whether a standby is promoted by itself when the primary fails. If false, the service waits, and the condition FailoverBlocked says so.',
        ...example(false),
      }),
    delay: duration(
      'How long to wait after the primary is found dead, in case it comes back by itself.',
      '3s',
    ).default('0s'),
    minInterval: duration(
      'Least time between two failovers, so that a fault that moves with the role cannot cause one failover after the other. Doubled, up to 16 times, for each new primary that has failed within a minute, but only while a member is missing. Experiments (chaos) and deleted pods do not count. To end a wait: kubectl annotate --overwrite has NAME haservice.dev/failover-now="$(date -Is)".',
      '30s',
    ).default('5s'),
    consistency: z
      .enum(['Strong', 'Eventual'])
      .default('Eventual')
      .meta({
        description:
          'What comes first when the primary fails. Strong: no acknowledged write is lost and no two members take writes; if that cannot be guaranteed, the service waits (CP). Eventual: a standby within maxLag takes over at once; writes that it had not received are lost, and reported in status.failovers (AP).',
        ...example('Strong', {
          effect: 'AtOnce',
          note: 'Redis, Postgres and programs that speak the member protocol take the other value over while they run; status.consistency has the value that is in force. With ActivePassive, and with Exec, the agent and its lease come or go: then by a rolling update.',
        }),
      }),
    maxLag: z
      .string()
      .max(16)
      .regex(/^[0-9]{1,12}(k|M|G|Ki|Mi|Gi)?$/)
      .default('1Mi')
      .meta({
        description:
          'Eventual: how many bytes a standby may be behind the last known position of the primary to take over, such as 512Ki or 16Mi.',
        ...example('16Mi'),
      }),
    onNoCandidate: z
      .enum(['Wait', 'PromoteAnyway'])
      .default('Wait')
      .meta({
        description:
          'Eventual: what to do if every standby is further behind than maxLag, or has only the data from before it began to copy a primary that has lost its data since: Wait, or promote the most advanced one anyway.',
        ...example('PromoteAnyway'),
      }),
    neverPrimary: neverPrimary.optional(),
    preferredPrimary: preferredPrimary.optional(),
    leaseDuration: duration(
      'Strong, if replication has no quorum of its own (TCP, HTTP, GRPC, Exec): how long a primary continues without a message from the operator before it stops by itself. A silent primary is replaced no sooner. Must be longer than heartbeat.timeout.',
      '15s',
      {
        effect: 'RollingUpdate',
        note: 'A primary is held to the lease with which its own pod was made. Without a lease nothing happens.',
      },
    ).default('10s'),
  })
  .meta({
    description:
      'What happens when the primary fails. The operator first commits its decision (status.primary and a raised status.epoch in one guarded write), then promotes the healthy standby, then points the Service NAME at it, and records the milliseconds of each phase in status.failovers. Not used with topology: ActiveActive.',
    ...takesEffect({ effect: 'AtOnce' }),
  });
