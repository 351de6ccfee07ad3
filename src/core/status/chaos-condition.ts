import { chaosReady as reasons } from '../../api/chaos-reasons.ts';
import type { ChaosStatus } from '../../api/chaos-status.ts';
import { forbidden } from '../chaos/refusals.ts';
import type { Observed, Resource } from '../model/observed.ts';
import type { DesiredCondition } from './desired-condition.ts';

const type = 'ChaosReady';

/** A target that no member can ever match, in a clause for a person. */
function whyNoTarget({ spec }: Resource, { members, zones }: Observed): string | undefined {
  const { member, zone } = spec.chaos?.target ?? {};
  if (
    member !== undefined &&
    members.length >= spec.replicas &&
    !members.some(({ name }) => name === member)
  ) {
    return `no member is called ${member}; there are ${members.map(({ name }) => name).join(', ')}`;
  }
  const known = [...zones.map(({ name }) => name), ...members.flatMap((each) => each.zone ?? [])];
  return zone !== undefined && known.length > 0 && !known.includes(zone)
    ? `no zone is called ${zone}; there are ${[...new Set(known)].sort().join(', ')}`
    : undefined;
}

/** An amount that can never be hit, in a clause for a person. */
function whyTooMany({ spec }: Resource): DesiredCondition | undefined {
  const { amount } = spec.chaos ?? {};
  if (typeof amount !== 'number') return undefined;
  const { replicas, placement } = spec;
  const no = (reason: keyof typeof reasons.False, message: string): DesiredCondition => ({
    ...{ type, status: false, reason },
    message: `chaos.amount is ${amount}, and ${message}`,
  });
  if (amount > replicas) return no('NoTarget', `replicas is ${replicas}`);
  return amount > placement.disruptionBudget
    ? no('BudgetExhausted', `placement.disruptionBudget is ${placement.disruptionBudget}`)
    : undefined;
}

/** Whether experiments can begin, and when; no condition if the spec has no `chaos`. */
export function chaosReady(
  resource: Resource,
  observed: Observed,
  { experiment, nextTime, suspended, history }: ChaosStatus,
): DesiredCondition[] {
  const { chaos } = resource.spec;
  if (chaos === undefined) return [];
  const no = forbidden({ resource, observed });
  if (no !== undefined && isReason(no.reason)) {
    return [{ type, status: false, reason: no.reason, message: no.message }];
  }
  if (suspended === true) {
    const failed = history?.find(({ verdict }) => verdict === 'Failed');
    const what =
      failed === undefined
        ? 'an experiment has failed'
        : `experiment ${failed.id} has failed: ${failed.message}`;
    const message = `${what}. The schedule goes on when chaos.suspend was set to true and to false again, or an experiment on request has passed`;
    return [{ type, status: false, reason: 'SuspendedAfterFailure', message }];
  }
  if (experiment !== undefined) {
    const hits = experiment.hits.map(({ pod }) => pod).join(', ');
    const message = `experiment ${experiment.id} is running: ${experiment.action} of ${hits} (${experiment.phase})`;
    return [{ type, status: true, reason: 'Running', message }];
  }
  const missing = whyNoTarget(resource, observed);
  if (missing !== undefined) {
    return [{ type, status: false, reason: 'NoTarget', message: `chaos.target: ${missing}` }];
  }
  const tooMany = whyTooMany(resource);
  if (tooMany !== undefined) return [tooMany];
  if (chaos.schedule !== undefined && observed.chaos?.schedule.nextMs === undefined) {
    const message = `no time of the schedule "${chaos.schedule}" lies outside of the blackouts`;
    return [{ type, status: false, reason: 'NoNextTime', message }];
  }
  return nextTime === undefined
    ? [{ type, status: true, reason: 'OnRequest', message: 'experiments begin on request' }]
    : [
        {
          type,
          status: true,
          reason: 'Scheduled',
          message: `the next experiment is due at ${nextTime}`,
        },
      ];
}

const isReason = (reason: string): reason is keyof typeof reasons.False => reason in reasons.False;
