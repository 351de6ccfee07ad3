import { type ChaosStatus, chaosStatusSchema } from '../../api/chaos-status.ts';
import type { HAService } from '../../api/haservice.ts';
import type { FailoverTrigger, Status } from '../../api/status.ts';

/** Words that earlier operators wrote, and the words that are written now. */
const words: ReadonlyMap<string, string> = new Map([
  ['Sick', 'Unhealthy'],
  ['MemberSick', 'MemberUnhealthy'],
  ['LeaseRuns', 'LeaseNotExpired'],
  ['Obeyed', 'Acknowledged'],
]);

/** A word that is not in the table stays as it is. */
const upgraded = <T extends string>(word: T): T => (words.get(word) ?? word) as T;

const withTrigger = <T extends { trigger: FailoverTrigger }>(failover: T): T => ({
  ...failover,
  trigger: upgraded(failover.trigger),
});

/**
 * The status that is stored with a resource, in the words of this operator. An older operator may have written words that the
 * schema no longer has. The next status takes over the failover that is in flight and the records of past failovers from this one:
 * they must not contain the old words. Words are translated and nothing else is changed, so that the decisions stay the same.
 *
 * The stored status itself still differs from the decided one, so that the first reconcile after an upgrade writes it.
 */
export function storedStatus({ status = {} }: Pick<HAService, 'status'>): Status {
  const { members, fencing, failovers, conditions, chaos, ...rest } = status;
  return {
    ...rest,
    ...(chaos === undefined ? {} : { chaos: storedChaos(chaos) }),
    ...(fencing === undefined ? {} : { fencing: withTrigger(fencing) }),
    ...(members === undefined
      ? {}
      : { members: members.map((member) => ({ ...member, health: upgraded(member.health) })) }),
    ...(failovers === undefined
      ? {}
      : {
          failovers: failovers.map(({ fence, ...record }) => ({
            ...withTrigger(record),
            // The text is "method: proof". The condition Fenced has the method as its reason.
            ...(fence === undefined ? {} : { fence: fence.replace(/^\w+(?=: )/, upgraded) }),
          })),
        }),
    ...(conditions === undefined
      ? {}
      : {
          conditions: conditions.map(({ reason, message, ...condition }) => ({
            ...condition,
            reason: upgraded(reason),
            // The trigger is part of the message of a blocked failover. An unchanged message must not cause another Event.
            message: message.replace(/(?<= failed \()\w+(?=\); )/, upgraded),
          })),
        }),
  };
}

/**
 * The experiments of a stored status. Another operator, or a person, may have written fields and records of another shape: they are
 * left out, as no decision could be made about them, and the others are kept.
 */
export function storedChaos(chaos: ChaosStatus): ChaosStatus {
  let checked = checkedStatuses.get(chaos);
  if (checked === undefined) {
    checked = checkedChaos(chaos);
    checkedStatuses.set(chaos, checked);
  }
  return checked;
}

/** As in parseSpec: stored objects are never changed in place, and each pass of each reconcile asks again. */
const checkedStatuses = new WeakMap<ChaosStatus, ChaosStatus>();

function checkedChaos(chaos: ChaosStatus): ChaosStatus {
  const whole = chaosStatusSchema.safeParse(chaos);
  if (whole.success) return whole.data;
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(chaosStatusSchema.shape)) {
    const value = chaos[name as keyof ChaosStatus];
    if (value === undefined) continue;
    const entries = Array.isArray(value) ? value.filter((entry) => isRecord(entry)) : value;
    if (field.safeParse(entries).success) kept[name] = entries;
  }
  return chaosStatusSchema.parse(kept);
}

const isRecord = (entry: unknown) => chaosStatusSchema.shape.history.safeParse([entry]).success;
