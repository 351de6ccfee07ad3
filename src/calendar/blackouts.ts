import type { ChaosSpec } from '../api/chaos-spec.ts';
import { instantOf, localDate } from './time-zone.ts';

type BlackoutSpec = ChaosSpec['blackouts'][number];

/** From its start to before its end, in milliseconds since the epoch. */
export interface Interval {
  startMs: number;
  endMs: number;
}

export interface Blackout {
  /** For a person, with its article. */
  text: string;
  /** The first interval that ends after ms. */
  next: (ms: number) => Interval | undefined;
  /** Does the blackout contain this time of day, such as 09:30, on every day? */
  covers: (time: string) => boolean;
}

const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const timeOfDay = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;

/** What is wrong with an entry, or undefined. */
export function blackoutFault({ from, to }: BlackoutSpec): string | undefined {
  if (timeOfDay.test(from) && timeOfDay.test(to)) {
    return from === to
      ? `from and to are both "${from}"; write two times that differ, or two days`
      : undefined;
  }
  if (!day.test(from) || !day.test(to)) {
    return `"${from}" and "${to}" are not two days or two times of day; write from: "2026-12-24" and to: "2027-01-02", or from: "22:00" and to: "06:00"`;
  }
  const missing = [from, to].find((date) => !isDate(date));
  if (missing !== undefined) {
    return `the day "${missing}" does not exist; write a day of the calendar, such as "2026-02-28"`;
  }
  return from > to ? `from "${from}" is after to "${to}"; exchange them` : undefined;
}

function isDate(text: string): boolean {
  try {
    Temporal.PlainDate.from(text);
    return true;
  } catch {
    return false;
  }
}

/** @param spec without a fault. */
export function blackoutOf(spec: BlackoutSpec, zone: string): Blackout {
  return timeOfDay.test(spec.from) ? daily(spec, zone) : ofDays(spec, zone);
}

function ofDays({ from, to }: BlackoutSpec, zone: string): Blackout {
  const startMs = instantOf(Temporal.PlainDate.from(from).toPlainDateTime(), zone, 'first');
  const dayAfter = Temporal.PlainDate.from(to).add({ days: 1 });
  const endMs = instantOf(dayAfter.toPlainDateTime(), zone, 'first');
  return {
    text: `the blackout from ${from} to ${to}`,
    next: (ms) => (ms < endMs ? { startMs, endMs } : undefined),
    covers: () => false,
  };
}

/**
 * On the day on which clocks are set back, it lasts from the first time that they show `from` until the last time that they show
 * `to`: rather an hour too long than an experiment that nobody expects.
 */
function daily({ from, to }: BlackoutSpec, zone: string): Blackout {
  const begin = Temporal.PlainTime.from(from);
  const end = Temporal.PlainTime.from(to);
  const days = from < to ? 0 : 1;
  const on = (date: Temporal.PlainDate): Interval => ({
    startMs: instantOf(date.toPlainDateTime(begin), zone, 'first'),
    endMs: instantOf(date.add({ days }).toPlainDateTime(end), zone, 'last'),
  });
  return {
    text: `the daily blackout from ${from} to ${to} (${zone})`,
    next: (ms) => {
      const date = localDate(ms, zone);
      // Yesterday's may go on until today; today's may be over, and tomorrow's may be in the hour that clocks skip.
      return [-1, 0, 1, 2]
        .map((offset) => on(date.add({ days: offset })))
        .find(({ startMs, endMs }) => endMs > ms && endMs > startMs);
    },
    covers: (time) => (days === 0 ? from <= time && time < to : from <= time || time < to),
  };
}
