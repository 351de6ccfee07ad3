import { describe, expect, test } from 'vitest';
import { at, chaosOf, shown, timesOf, zones } from './testing.ts';

const minute = 60_000;

/** How often each distance, in minutes, is between neighbours. */
function distances(times: number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const [i, time] of times.entries()) {
    const before = times[i - 1];
    if (before === undefined) continue;
    const distance = (time - before) / minute;
    counts[distance] = (counts[distance] ?? 0) + 1;
  }
  return counts;
}

const yearOf = (schedule: string, timeZone: string): number[] =>
  timesOf(
    chaosOf({ schedule, timeZone }),
    at('2026-01-01T00:00', timeZone) - 1,
    at('2027-01-01T00:00', timeZone) - 1,
  );

describe.each(zones)('2026 in %s', (zone) => {
  const hasSummerTime = zone !== 'Asia/Kolkata' && zone !== 'America/Sao_Paulo';
  // By how much clocks change, in minutes.
  const shift = zone === 'Australia/Lord_Howe' ? 30 : 60;

  test('a fixed time fires on each day, at the time that clocks show', () => {
    const times = yearOf('30 12 * * *', zone);
    expect(times.length).toBe(365);
    expect(times.every((ms) => shown(ms, zone)?.includes('T12:30'))).toBe(true);
    expect(distances(times)).toEqual(
      hasSummerTime ? { 1440: 362, [1440 - shift]: 1, [1440 + shift]: 1 } : { 1440: 364 },
    );
  });

  test.each(['30 1 * * *', '15 2 * * *', '30 2 * * *'])(
    'a fixed time in the night, %s, fires once on each day, whatever clocks do',
    (schedule) => {
      const days = yearOf(schedule, zone).map((ms) => shown(ms, zone)?.slice(0, 10));
      expect(days.length).toBe(365);
      expect(new Set(days).size).toBe(365);
    },
  );

  test('an interval in working hours: 18 times on each of 261 days', () => {
    const times = yearOf('*/30 9-17 * * 1-5', zone);
    expect(times.length).toBe(261 * 18);
    // No more than a weekend is between two of them.
    expect(distances(times)[30]).toBe(261 * 17);
  });

  test('the first of each month', () => {
    expect(yearOf('0 0 1 * *', zone).map((ms) => shown(ms, zone)?.slice(5, 16))).toEqual(
      Array.from({ length: 12 }, (_, i) => `${String(i + 1).padStart(2, '0')}-01T00:00`),
    );
  });

  test('day of the month or day of the week, if both are given', () => {
    // 52 Fridays, and 12 times the 13th, of which three are Fridays.
    expect(yearOf('0 12 13 * FRI', zone).length).toBe(52 + 12 - 3);
  });

  test('an interval goes on through each night', () => {
    const times = yearOf('*/30 0-3 * * *', zone);
    // One change leaves out as many times as the other repeats.
    expect(times.length).toBe(365 * 8);
    // The nights begin at 00:00 and end at 03:30, so that only the distance from 03:30 to 00:00 differs.
    expect(distances(times)).toEqual({ 30: 365 * 7, 1230: 364 });
    expect(new Set(times.map((ms) => shown(ms, zone)?.slice(-6))).size).toBe(hasSummerTime ? 2 : 1);
  });
});

describe('the days on which clocks change', () => {
  const onDay = (schedule: string, timeZone: string, date: string) =>
    timesOf(
      chaosOf({ schedule, timeZone }),
      at(`${date}T00:00`, timeZone) - 1,
      at(`${date}T00:00`, timeZone) + 24.5 * 60 * minute,
    )
      .map((ms) => shown(ms, timeZone) ?? '')
      .filter((text) => text.startsWith(date))
      .map((text) => text.slice(11));

  test.each([
    // Berlin skips 02:00 to 03:00, and repeats 02:00 to 03:00.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-29', ['03:00+02:00']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-25', ['02:30+02:00']],
    ['30 2,14 * * *', 'Europe/Berlin', '2026-10-25', ['02:30+02:00', '14:30+01:00']],
    // Two times of which one is skipped, and which so become one.
    ['30 2,3 * * *', 'Europe/Berlin', '2026-03-29', ['03:00+02:00', '03:30+02:00']],
    ['0 2,3 * * *', 'Europe/Berlin', '2026-03-29', ['03:00+02:00']],
    ['0 2 * * *', 'America/New_York', '2026-03-08', ['03:00-04:00']],
    ['0 1 * * *', 'America/New_York', '2026-11-01', ['01:00-04:00']],
    // Lord Howe skips 02:00 to 02:30, and repeats 01:30 to 02:00.
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-04', ['02:30+11:00']],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-05', ['01:45+11:00']],
    // The hour after 23:00 is skipped, and what follows is the next day.
    ['30 23 * * *', 'America/Nuuk', '2026-03-28', []],
  ])('fixed: "%s" in %s on %s', (schedule, zone, date, expected) => {
    expect(onDay(schedule, zone, date)).toEqual(expected);
  });

  test.each([
    ['*/30 1-3 * * *', 'Europe/Berlin', '2026-03-29', '01:00 01:30 03:00 03:30'],
    [
      '*/30 1-3 * * *',
      'Europe/Berlin',
      '2026-10-25',
      '01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30',
    ],
    ['*/15 1,2 * * *', 'Australia/Lord_Howe', '2026-10-04', '01:00 01:15 01:30 01:45 02:30 02:45'],
    [
      '*/15 1,2 * * *',
      'Australia/Lord_Howe',
      '2026-04-05',
      '01:00 01:15 01:30 01:45 01:30 01:45 02:00 02:15 02:30 02:45',
    ],
  ])('interval: "%s" in %s on %s', (schedule, zone, date, expected) => {
    expect(
      onDay(schedule, zone, date)
        .map((text) => text.slice(0, 5))
        .join(' '),
    ).toBe(expected);
  });

  test.each([
    ['Europe/Berlin', '2026-03-29', 23 * 4],
    ['Europe/Berlin', '2026-10-25', 25 * 4],
    ['America/New_York', '2026-03-08', 23 * 4],
    ['America/New_York', '2026-11-01', 25 * 4],
    ['Australia/Lord_Howe', '2026-10-04', 23.5 * 4],
    ['Australia/Lord_Howe', '2026-04-05', 24.5 * 4],
    ['Asia/Kolkata', '2026-03-29', 24 * 4],
    ['America/Sao_Paulo', '2026-10-25', 24 * 4],
  ])('every 15 minutes in %s on %s: %d times', (timeZone, date, count) => {
    const start = at(`${date}T00:00`, timeZone);
    const end = at(`${Temporal.PlainDate.from(date).add({ days: 1 }).toString()}T00:00`, timeZone);
    const times = timesOf(chaosOf({ schedule: '*/15 * * * *', timeZone }), start - 1, end - 1);
    expect(times.length).toBe(count);
    expect(distances(times)).toEqual({ 15: count - 1 });
  });
});
