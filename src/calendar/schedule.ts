import type { ScheduleRefusal } from '../api/chaos-reasons.ts';
import type { ChaosSpec } from '../api/chaos-spec.ts';
import { type Blackout, blackoutFault, blackoutOf } from './blackouts.ts';
import { cronFault } from './cron-fields.ts';
import { nextTime, timesOfDay } from './cron.ts';
import { isTimeZone } from './time-zone.ts';

export interface ScheduleProblem {
  reason: ScheduleRefusal;
  message: string;
}

export interface ScheduleView {
  /** The first time of the schedule after now that lies in no blackout. Absent without a schedule, and if there is none. */
  nextMs?: number;
  /** What the user must correct. There is no nextMs until then. */
  problem?: ScheduleProblem;
  /** The blackout in which now lies; of several the one that ends last. */
  blackout?: { text: string; untilMs: number };
  /** Each day the next blackout begins where one ends. */
  isEndless?: true;
}

interface Plan extends Pick<ScheduleView, 'isEndless'> {
  problem?: ScheduleProblem;
  /** The first time of the schedule after a time, in a blackout or not. */
  next?: (afterMs: number) => number | undefined;
  blackouts: Blackout[];
  /** What does not change from one time until before another. */
  known?: { fromMs: number; untilMs: number; view: ScheduleView };
}

/**
 * After how many blackouts the search for a next time ends. 20 blackouts that leave a time of day free are fewer in a row, but Intl
 * and Temporal may disagree on the clocks of a zone, and a search without end would stop the operator.
 */
const mostInARow = 500;

/** spec.chaos, or another part of the spec that has blackouts. */
type Times = Pick<ChaosSpec, 'timeZone' | 'blackouts'> & Partial<Pick<ChaosSpec, 'schedule'>>;

/** As in parseSpec: specs are never changed in place, and each pass of a reconcile asks again. */
const plans = new WeakMap<Times, Plan>();

/**
 * When something begins by `schedule`, and when it may not begin.
 *
 * @param field that has these times
 */
export function scheduleOf(times: Times, nowMs: number, field = 'spec.chaos'): ScheduleView {
  let plan = plans.get(times);
  if (plan === undefined) {
    plan = planOf(times, field);
    plans.set(times, plan);
  }
  const { known } = plan;
  if (known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs) return known.view;
  plan.known = { fromMs: nowMs, ...viewOf(plan, nowMs) };
  return plan.known.view;
}

function planOf({ schedule, timeZone, blackouts }: Times, field: string): Plan {
  const wrong = (reason: ScheduleRefusal, message: string): ScheduleProblem => ({
    reason,
    message: `${field}.${message}`,
  });
  if (!isTimeZone(timeZone)) {
    const message = `timeZone: "${timeZone}" is no time zone; write an IANA name, such as Europe/Berlin or UTC`;
    return { blackouts: [], problem: wrong('TimeZoneUnknown', message) };
  }
  const faults = blackouts.map(blackoutFault);
  const right = blackouts.filter((_, i) => faults[i] === undefined);
  const plan: Plan = { blackouts: right.map((spec) => blackoutOf(spec, timeZone)) };
  const faulty = faults.findIndex((fault) => fault !== undefined);
  if (faulty >= 0) {
    const message = `blackouts[${faulty}]: ${faults[faulty]}`;
    return { ...plan, problem: wrong('BlackoutInvalid', message) };
  }
  const covered = (time: string) => plan.blackouts.some(({ covers }) => covers(time));
  if (schedule === undefined) {
    return { ...plan, ...(timesOfDay('* * * * *').every(covered) && { isEndless: true }) };
  }
  const fault = cronFault(schedule);
  if (fault !== undefined) {
    return { ...plan, problem: wrong('ScheduleInvalid', `schedule: ${fault}`) };
  }
  const next = (afterMs: number) => nextTime(schedule, timeZone, afterMs);
  // Whether there is a first time does not depend on the time from which one looks.
  if (next(0) === undefined) {
    const message = `schedule: "${schedule}" never comes, as no month of it has such a day; correct field 3 or 4 of 5`;
    return { ...plan, problem: wrong('ScheduleInvalid', message) };
  }
  if (plan.blackouts.length > 0 && timesOfDay(schedule).every(covered)) {
    const message = `blackouts: every time of day of the schedule "${schedule}" lies in a blackout; change the schedule or the blackouts`;
    return { ...plan, problem: wrong('BlackoutInvalid', message) };
  }
  return { ...plan, next };
}

function viewOf(plan: Plan, nowMs: number): { untilMs: number; view: ScheduleView } {
  const { problem, blackouts, isEndless } = plan;
  const blackout = blackoutAt(blackouts, nowMs);
  const nextMs = nextOutside(plan, nowMs);
  const changes = blackouts.flatMap((it) => {
    const interval = it.next(nowMs);
    if (interval === undefined) return [];
    return [interval.startMs > nowMs ? interval.startMs : interval.endMs];
  });
  return {
    untilMs: Math.min(nextMs ?? Infinity, ...changes),
    view: {
      ...(nextMs === undefined ? {} : { nextMs }),
      ...(problem && { problem }),
      ...(blackout && { blackout }),
      ...(isEndless && { isEndless }),
    },
  };
}

function nextOutside({ next, blackouts }: Plan, afterMs: number): number | undefined {
  let ms = next?.(afterMs);
  for (let i = 0; i < mostInARow && ms !== undefined; i++) {
    const blackout = blackoutAt(blackouts, ms);
    if (blackout === undefined) return ms;
    // The end of a blackout is not part of the blackout, and next looks for what is later than its argument.
    ms = next?.(blackout.untilMs - 1);
  }
  return undefined;
}

function blackoutAt(blackouts: Blackout[], ms: number): ScheduleView['blackout'] {
  return blackouts
    .flatMap(({ text, next }) => {
      const interval = next(ms);
      return interval !== undefined && interval.startMs <= ms
        ? [{ text, untilMs: interval.endMs }]
        : [];
    })
    .toSorted((a, b) => b.untilMs - a.untilMs)[0];
}
