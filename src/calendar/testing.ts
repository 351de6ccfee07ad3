import { type ChaosSpec, chaosSchema } from '../api/chaos-spec.ts';
import { scheduleOf } from './schedule.ts';

export const chaosOf = (fields: Partial<ChaosSpec>): ChaosSpec => chaosSchema.parse(fields);

export const zones = [
  'Europe/Berlin',
  'America/New_York',
  // Its clocks change by half an hour.
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Sao_Paulo',
];

/** Milliseconds since the epoch of a local time, such as 2026-03-29T02:30. */
export const at = (local: string, zone = 'UTC'): number =>
  Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;

/** The local time and the offset, such as 2026-03-29T03:00+02:00. */
export const shown = (ms: number | undefined, zone: string): string | undefined =>
  ms === undefined
    ? undefined
    : Temporal.Instant.fromEpochMilliseconds(ms)
        .toZonedDateTimeISO(zone)
        .toString({ timeZoneName: 'never', smallestUnit: 'minute' });

/** Every time of the schedule after one time, and until another. */
export function timesOf(chaos: ChaosSpec, fromMs: number, toMs: number): number[] {
  const times: number[] = [];
  for (;;) {
    const next = scheduleOf(chaos, times.at(-1) ?? fromMs).nextMs;
    if (next === undefined || next > toMs) return times;
    times.push(next);
  }
}
