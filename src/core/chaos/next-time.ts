import type { ChaosSpec } from '../../api/chaos-spec.ts';
import type { ChaosStatus } from '../../api/chaos-status.ts';
import { durationMs } from '../../api/duration.ts';
import { randomOf } from '../../lib/random.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { seedOf } from './draw.ts';
import { iso } from './records.ts';

/** How late an experiment may begin; later than that its time is skipped. Milliseconds. */
export const latestMs = 60_000;

/** The schedule in words: if it changes, the next time is computed anew. */
function describeSchedule({
  schedule,
  meanTimeBetween,
  timeZone,
  blackouts,
}: ChaosSpec): string | undefined {
  const except = blackouts.map(({ from, to }) => `, except ${from} to ${to}`).join('');
  if (schedule !== undefined) return `${schedule} (${timeZone})${except}`;
  return meanTimeBetween === undefined ? undefined : `every ${meanTimeBetween} on average`;
}

/** The next time of the schedule after now, as RFC 3339. */
function compute(resource: Resource, observed: Observed, id: number, nowMs: number) {
  const { chaos } = resource.spec;
  const { nextMs, problem } = observed.chaos?.schedule ?? {};
  if (chaos?.meanTimeBetween === undefined) {
    return problem !== undefined || nextMs === undefined ? undefined : iso(nextMs);
  }
  // The waits of a Poisson process have an exponential distribution. One number of the sequence belongs to the choice of members.
  const random = randomOf(seedOf(resource, id) ^ 0x5bd1e995);
  return iso(nowMs - Math.log(1 - random()) * durationMs(chaos.meanTimeBetween));
}

/** No draw can wait longer, as a number from 0 up to 1 is at most 1 - 2^-32: this many times the mean. */
const mostMeans = 32 * Math.LN2;

/** The latest time that the next one can be. Epoch milliseconds. */
function latestNextMs({ spec: { chaos } }: Resource, observed: Observed, nowMs: number): number {
  return chaos?.meanTimeBetween === undefined
    ? (observed.chaos?.schedule.nextMs ?? Infinity)
    : nowMs + mostMeans * durationMs(chaos.meanTimeBetween);
}

/** Whether a scheduled time has come, or was missed. */
export type Due = 'Due' | 'Missed' | undefined;

export interface NextTime {
  due: Due;
  /** When it was due. Epoch milliseconds. */
  dueMs?: number;
  nextTime?: string;
  plan?: string;
}

/**
 * While no experiment may begin. A random time stays: each new draw would begin to wait again, and a service that is off for a
 * moment more often than the mean would never have an experiment.
 */
export const whileOff = (
  { spec }: Resource,
  { nextTime, plan }: Pick<ChaosStatus, 'nextTime' | 'plan'>,
): NextTime =>
  spec.chaos?.meanTimeBetween === undefined || nextTime === undefined || plan === undefined
    ? { due: undefined }
    : { due: undefined, nextTime, plan };

/**
 * The next time in the status, and whether an earlier one has come. A time is due if the status has announced it, so that a new
 * schedule never begins with an experiment, and a time that was missed is not caught up.
 */
export function nextTimeOf(
  resource: Resource,
  observed: Observed,
  { nextTime, plan, count = 0 }: Pick<ChaosStatus, 'nextTime' | 'plan' | 'count'>,
  nowMs: number,
): NextTime {
  const { chaos } = resource.spec;
  const described = chaos === undefined ? undefined : describeSchedule(chaos);
  if (described === undefined) return { due: undefined };
  const stored = plan === described ? nextTime : undefined;
  // A wrong clock may have written a later one.
  const soonest = latestNextMs(resource, observed, nowMs);
  const known = Date.parse(stored ?? '') > soonest ? iso(soonest) : stored;
  const knownMs = Date.parse(known ?? '');
  if (known !== undefined && nowMs < knownMs)
    return { due: undefined, nextTime: known, plan: described };
  const late = nowMs - knownMs;
  // A schedule has no times in a blackout. A random time may lie in one: then it is no refusal worth a record.
  const isMissed = (ms: number) =>
    ms > latestMs ||
    (chaos?.meanTimeBetween !== undefined && observed.chaos?.schedule.blackout !== undefined);
  const due = Number.isNaN(late) ? undefined : isMissed(late) ? 'Missed' : 'Due';
  const next = compute(resource, observed, due === undefined ? count + 1 : count + 2, nowMs);
  return {
    due,
    dueMs: knownMs,
    plan: described,
    ...(next === undefined ? {} : { nextTime: next }),
  };
}
