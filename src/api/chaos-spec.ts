import * as z from 'zod';
import { blackouts, timeZone } from './blackout-spec.ts';
import { cel } from './cel.ts';
import { duration, ifDurations } from './duration.ts';
import { example, takesEffect } from './field-notes.ts';

/** What can be done to members. */
export const chaosActions = ['PodKill', 'PodDelete', 'Evict', 'ZoneKill'] as const;

/** The longest announce and recoveryObjective: an experiment must end some day. Milliseconds. */
export const longestMs = 86_400_000;

/** A count, or a share in per cent. The CRD allows any number and any text here: see the CEL rules. */
const countOrShare = (least: 0 | 1) =>
  z.union([
    z.int().min(least).max(100),
    z
      .string()
      .max(4)
      .regex(/^([1-9][0-9]?|100)%$/),
  ]);

const target = z
  .object({
    role: z
      .enum(['Any', 'Primary', 'Standby'])
      .default('Any')
      .meta({
        description: 'Role of the members: Any (default), Primary or Standby.',
        ...example('Primary'),
      }),
    zone: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .meta({
        description: 'Only members in this zone.',
        ...example('zone-a'),
      }),
    member: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .meta({
        description: 'Only this member, by the name of its pod, such as web-1.',
        ...example('web-1'),
      }),
  })
  .meta({
    description:
      'The members that may be hit. Which of them are hit is drawn with the seed. ZoneKill hits all members of one zone that has such a member.',
    ...cel({
      rule: "!has(self.member) || !has(self.zone) && self.role == 'Any'",
      message: 'target.member names the one member already; remove target.role and target.zone',
    }),
  });

const steadyState = z
  .object({
    service: z
      .string()
      .min(1)
      .max(63)
      .meta({
        description: 'A Service of the same namespace, such as the one of an application.',
        ...example('shop'),
      }),
    port: z
      .int()
      .min(1)
      .max(65535)
      .meta({ description: 'Its port.', ...example(80) }),
    path: z
      .string()
      .max(1024)
      .regex(/^\//)
      .default('/')
      .meta({ description: 'The path of the request. Default: /.', ...example('/healthz') }),
    timeout: duration('How long an answer may take. At most 30s.', '5s').default('2s'),
  })
  .meta({
    description:
      'An HTTP request (GET) that must be answered with 2xx or 3xx before an experiment, and again for its recovery. Besides this request, all members must be healthy and in their roles.',
  });

export const chaosSchema = z
  .object({
    suspend: z
      .boolean()
      .default(false)
      .meta({
        description:
          'If true, no experiment begins, neither on the schedule nor on request, and one that was announced is aborted. Set it to true and to false again to resume after onFailure: Suspend.',
        ...example(true),
      }),
    dryRun: z
      .boolean()
      .default(false)
      .meta({
        description:
          'If true, an experiment does everything except the kill: its checks, its announcement, its choice of members.',
        ...example(true),
      }),
    schedule: z
      .string()
      .max(100)
      .optional()
      .meta({
        description:
          'When experiments begin: five fields of cron (minute, hour, day of the month, month, day of the week), such as "*/30 9-17 * * 1-5". If both days are given, one of them is enough. A time that was missed is skipped. Without schedule and meanTimeBetween an experiment begins only on request.',
        ...example('*/30 9-16 * * 1-5'),
      }),
    meanTimeBetween: duration(
      'Instead of a schedule: mean time between experiments, which begin at random (Poisson process). At least 1m.',
      '4h',
    ).optional(),
    timeZone: timeZone(
      'IANA time zone of schedule and blackouts, such as Europe/Berlin. When clocks change, a fixed time such as "30 2 * * *" fires once: at the moment of the change if clocks skip it, at the first of two. A schedule with * or a step in minute or hour goes on as clocks show it.',
    ),
    blackouts: blackouts(
      'When no experiment may begin.',
      'Days, or hours of each day, without experiments.',
    ),
    action: z
      .enum(chaosActions)
      .default('PodKill')
      .meta({
        description:
          'What is done: PodKill deletes the pod with a grace period of one second; PodDelete with its own grace period; Evict by the eviction API, which honours every disruption budget; ZoneKill kills all members of one zone.',
        ...example('Evict'),
      }),
    target: target.prefault({}),
    amount: countOrShare(1)
      .optional()
      .meta({
        description:
          'How many members are hit: a count, or a share of the members that target names, such as 50% (rounded down, at least one). Default: 1. Not allowed with ZoneKill, target.member or target.role: Primary.',
        ...example('50%'),
      }),
    minHealthy: countOrShare(0)
      .optional()
      .meta({
        description:
          'How many members must stay healthy: a count, or a share of replicas, such as 50% (rounded up). Default: all that are not hit. At least one stays in any case.',
        ...example(2),
      }),
    minPodAge: duration(
      'Pods younger than this are not hit. ZoneKill needs one pod of this age in the zone, and hits all of them.',
      '10m',
    ).default('1m'),
    recoveryObjective: duration(
      'How long the service may take until all members are healthy again, in their roles and caught up. At most 24h.',
      '1m',
    ).default('2m'),
    onFailure: z
      .enum(['Suspend', 'Continue'])
      .default('Suspend')
      .meta({
        description:
          'After a failed experiment: Suspend waits until suspend was set to true and to false again, or an experiment on request has passed. Continue goes on with the schedule, after the service has recovered.',
        ...example('Continue'),
      }),
    announce: duration(
      'How long before the kill an Event announces it. At most 24h.',
      '30s',
    ).default('0s'),
    seed: z
      .int()
      .min(0)
      .optional()
      .meta({
        description:
          'Seed of the random choices. The same seed and the same members give the same choices. Default: derived from the UID of the HAService.',
        ...example(42),
      }),
    historyLimit: z
      .int()
      .min(1)
      .max(50)
      .default(10)
      .meta({
        description:
          'How many experiments status.chaos.history keeps; one more if refusals would push out the last kill.',
        ...example(30),
      }),
    steadyState: steadyState.optional(),
  })
  .meta({
    description:
      'Experiments that kill members of this service, to show that it recovers. One at a time; each is refused while the service is in danger without it. On request: kubectl annotate --overwrite has NAME haservice.dev/chaos="$(date -Is)".',
    ...takesEffect({ effect: 'AtOnce' }),
    ...cel(
      {
        rule: '!(has(self.schedule) && has(self.meanTimeBetween))',
        message: 'chaos.schedule and chaos.meanTimeBetween exclude each other; remove one of them',
      },
      {
        rule: `!has(self.meanTimeBetween) || ${ifDurations(['self.meanTimeBetween'], "duration(self.meanTimeBetween) >= duration('1m')")}`,
        message: 'chaos.meanTimeBetween must be at least 1m; write for example 4h',
      },
      {
        rule: ifDurations(
          ['self.announce', 'self.recoveryObjective'],
          "[self.announce, self.recoveryObjective].all(each, duration(each) <= duration('24h'))",
        ),
        message:
          'chaos.announce and chaos.recoveryObjective must be at most 24h; write for example 30s and 5m',
      },
      {
        rule: `!has(self.steadyState) || ${ifDurations(['self.steadyState.timeout'], "duration(self.steadyState.timeout) <= duration('30s')")}`,
        message: 'chaos.steadyState.timeout must be at most 30s; write for example 2s',
      },
      {
        rule: "!has(self.amount) || (type(self.amount) == int ? self.amount >= 1 && self.amount <= 100 : self.amount.matches('^([1-9][0-9]?|100)%$'))",
        message:
          'chaos.amount is a count from 1 to 100, or a share from 1% to 100%; write 1 or "50%"',
      },
      {
        rule: "!has(self.minHealthy) || (type(self.minHealthy) == int ? self.minHealthy >= 0 && self.minHealthy <= 100 : self.minHealthy.matches('^([1-9][0-9]?|100)%$'))",
        message:
          'chaos.minHealthy is a count from 0 to 100, or a share from 1% to 100%; write 2 or "50%"',
      },
      {
        rule: "self.action != 'ZoneKill' || !has(self.amount)",
        message: 'action: ZoneKill hits all members of one zone; remove chaos.amount',
      },
      {
        rule: "self.action != 'ZoneKill' || !has(self.target.member)",
        message:
          'action: ZoneKill hits a zone; write chaos.target.zone instead of target.member, or action: PodKill',
      },
      {
        rule: "self.target.role != 'Primary' || self.action == 'ZoneKill' || !has(self.amount)",
        message: 'there is one primary; remove chaos.amount, or write target.role: Any',
      },
      {
        rule: '!has(self.target.member) || !has(self.amount)',
        message: 'chaos.target.member names one member; remove chaos.amount',
      },
    ),
  });

export type ChaosSpec = z.output<typeof chaosSchema>;
export type SteadyState = z.output<typeof steadyState>;
