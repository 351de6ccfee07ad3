import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scheduleOf } from './schedule.ts';
import { at, chaosOf, shown, zones } from './testing.ts';

const berlin = 'Europe/Berlin';
const hourly = { schedule: '0 * * * *', timeZone: berlin };

const nextOf = (fields: Parameters<typeof chaosOf>[0], local: string) =>
  shown(scheduleOf(chaosOf({ timeZone: berlin, ...fields }), at(local, berlin)).nextMs, berlin);

test('without a schedule there is no next time, and no problem', () => {
  expect(scheduleOf(chaosOf({}), 0)).toEqual({});
});

test('the next time is later than now, to the millisecond', () => {
  const chaos = chaosOf(hourly);
  const noon = at('2026-06-01T12:00', berlin);
  expect(scheduleOf(chaos, noon - 1).nextMs).toBe(noon);
  expect(scheduleOf(chaos, noon).nextMs).toBe(noon + 3_600_000);
  // A clock that is set back.
  expect(scheduleOf(chaos, noon - 3_600_001).nextMs).toBe(noon - 3_600_000);
});

test('until the next time, the answer is the same object', () => {
  const chaos = chaosOf(hourly);
  const noon = at('2026-06-01T12:00', berlin);
  const first = scheduleOf(chaos, noon);
  expect(scheduleOf(chaos, noon + 3_599_999)).toBe(first);
  expect(scheduleOf(chaos, noon + 3_600_000)).not.toEqual(first);
});

test('a leap day that is years away', () => {
  expect(nextOf({ schedule: '0 0 29 2 *' }, '2026-01-01T00:00')).toBe('2028-02-29T00:00+01:00');
});

describe('blackouts', () => {
  const blackouts = [
    { from: '2026-12-24', to: '2027-01-02' },
    { from: '22:00', to: '06:00' },
  ];

  test.each([
    ['2026-06-01T20:30', '2026-06-01T21:00+02:00'],
    ['2026-06-01T21:00', '2026-06-02T06:00+02:00'],
    // The day after the last is not part of the days, but its night is part of another blackout.
    ['2026-12-23T21:00', '2027-01-03T06:00+01:00'],
  ])('hourly, after %s', (local, next) => {
    expect(nextOf({ ...hourly, blackouts }, local)).toBe(next);
  });

  test('the blackout of now, and its end; of two the one that ends last', () => {
    const chaos = chaosOf({ timeZone: berlin, blackouts });
    const seen = (local: string) => {
      const { blackout } = scheduleOf(chaos, at(local, berlin));
      return blackout && [blackout.text, shown(blackout.untilMs, berlin)];
    };
    const night = 'the daily blackout from 22:00 to 06:00 (Europe/Berlin)';
    const days = 'the blackout from 2026-12-24 to 2027-01-02';
    expect(seen('2026-06-01T21:59')).toBeUndefined();
    expect(seen('2026-06-01T22:00')).toEqual([night, '2026-06-02T06:00+02:00']);
    expect(seen('2026-06-02T06:00')).toBeUndefined();
    expect(seen('2026-12-23T23:00')).toEqual([night, '2026-12-24T06:00+01:00']);
    expect(seen('2026-12-24T00:00')).toEqual([days, '2027-01-03T00:00+01:00']);
    expect(seen('2027-01-02T23:00')).toEqual([night, '2027-01-03T06:00+01:00']);
  });

  test('a blackout that goes on until the end of the calendar leaves no next time', () => {
    const forever = [{ from: '2026-01-01', to: '9999-12-31' }];
    expect(scheduleOf(chaosOf({ ...hourly, blackouts: forever }), at('2026-06-01T12:00'))).toEqual({
      blackout: { text: 'the blackout from 2026-01-01 to 9999-12-31', untilMs: expect.any(Number) },
    });
  });
});

describe('problems', () => {
  const problemOf = (fields: Parameters<typeof chaosOf>[0]) => {
    const view = scheduleOf(chaosOf(fields), at('2026-06-01T12:00'));
    expect(view.nextMs).toBeUndefined();
    return view.problem;
  };

  test('a wrong field of the schedule is named', () => {
    expect(problemOf({ schedule: '61 * * * *' })).toEqual({
      reason: 'ScheduleInvalid',
      message:
        'spec.chaos.schedule: "61" is no minute; write 0 to 59, */15 or 0,30 (field 1 of 5: minute hour day-of-month month day-of-week)',
    });
  });

  test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *'])('"%s" never comes', (schedule) => {
    expect(problemOf({ schedule })).toEqual({
      reason: 'ScheduleInvalid',
      message: `spec.chaos.schedule: "${schedule}" never comes, as no month of it has such a day; correct field 3 or 4 of 5`,
    });
  });

  test.each([
    'Berlin',
    'Europe/Bonn',
    '+01:00',
    '-01',
    'UTC+1',
    ' UTC',
    'PST',
    'JST',
    '2026-01-01T00:00[UTC]',
  ])('the time zone "%s" is unknown', (timeZone) => {
    expect(problemOf({ schedule: '0 0 * * *', timeZone })).toEqual({
      reason: 'TimeZoneUnknown',
      message: `spec.chaos.timeZone: "${timeZone}" is no time zone; write an IANA name, such as Europe/Berlin or UTC`,
    });
  });

  test('a wrong blackout is named by its place, and the right ones hold', () => {
    const blackouts = [
      { from: '2026-06-01', to: '2026-06-01' },
      { from: '2026-02-30', to: '2026-03-01' },
    ];
    expect(scheduleOf(chaosOf({ ...hourly, blackouts }), at('2026-06-01T12:00', berlin))).toEqual({
      problem: {
        reason: 'BlackoutInvalid',
        message:
          'spec.chaos.blackouts[1]: the day "2026-02-30" does not exist; write a day of the calendar, such as "2026-02-28"',
      },
      blackout: {
        text: 'the blackout from 2026-06-01 to 2026-06-01',
        untilMs: at('2026-06-02T00:00', berlin),
      },
    });
  });

  test('blackouts that leave no time of day', () => {
    const viewOf = (to: string) => {
      const blackouts = [
        { from: '08:00', to: '20:00' },
        { from: '20:00', to },
      ];
      return scheduleOf(chaosOf({ timeZone: berlin, blackouts }), at('2026-06-01T12:00', berlin));
    };
    expect(viewOf('08:00')).toMatchObject({ isEndless: true });
    expect(viewOf('07:59')).not.toHaveProperty('isEndless');
  });

  test('blackouts that leave no time of day of the schedule', () => {
    const blackouts = [
      { from: '22:00', to: '06:00' },
      { from: '06:00', to: '07:00' },
    ];
    expect(problemOf({ schedule: '*/15 2,6 * * *', blackouts })).toEqual({
      reason: 'BlackoutInvalid',
      message:
        'spec.chaos.blackouts: every time of day of the schedule "*/15 2,6 * * *" lies in a blackout; change the schedule or the blackouts',
    });
    expect(nextOf({ schedule: '*/15 2,7 * * *', blackouts }, '2026-06-01T00:00')).toBe(
      '2026-06-01T07:00+02:00',
    );
  });
});

describe('for any schedule, zone, blackouts and time', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const time = fc
    .tuple(fc.nat(23), fc.constantFrom(0, 15, 30, 59))
    .map(([h, m]) => `${two(h)}:${two(m)}`);
  const date = fc
    .date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().slice(0, 10));
  const blackout = fc
    .oneof(
      fc.tuple(time, time),
      fc.tuple(date, date).map((pair) => pair.toSorted()),
    )
    .filter(([from, to]) => from !== to || from?.length === 10)
    .map(([from = '', to = '']) => ({ from, to }));
  const chaos = fc.record({
    schedule: fc.constantFrom(
      '* * * * *',
      '*/15 * * * *',
      '*/30 9-17 * * 1-5',
      '30 2 * * *',
      '15,45 1,2,23 * * *',
      '0 0 13 * FRI',
    ),
    timeZone: fc.constantFrom(...zones),
    blackouts: fc.array(blackout, { maxLength: 4 }),
  });
  const now = fc.integer({ min: at('2026-01-01T00:00'), max: at('2027-01-01T00:00') });

  /** By what clocks show, which is how a user reads the entry. */
  const liesIn = ({ from, to }: { from: string; to: string }, ms: number, zone: string) => {
    const [day = '', hour = ''] = shown(ms, zone)?.slice(0, 16).split('T') ?? [];
    if (from.length === 10) return from <= day && day <= to;
    return from < to ? from <= hour && hour < to : from <= hour || hour < to;
  };

  test('the next time is later than now, in no blackout, and the same until then', () => {
    fc.assert(
      fc.property(chaos, now, fc.double({ min: 0, max: 1, noNaN: true }), (fields, nowMs, part) => {
        const { nextMs, problem } = scheduleOf(chaosOf(fields), nowMs);
        if (nextMs === undefined) {
          expect(problem?.message).toContain('lies in a blackout');
          return;
        }
        expect(nextMs).toBeGreaterThan(nowMs);
        const { timeZone, blackouts } = fields;
        expect(blackouts.filter((entry) => liesIn(entry, nextMs, timeZone))).toEqual([]);
        const between = nowMs + Math.floor((nextMs - 1 - nowMs) * part);
        expect(scheduleOf(chaosOf(fields), between).nextMs).toBe(nextMs);
      }),
      { numRuns: 200 },
    );
  });

  test('what is remembered is what is computed, in whatever order the clock goes', () => {
    fc.assert(
      fc.property(chaos, fc.array(now, { minLength: 2, maxLength: 4 }), (fields, times) => {
        const kept = chaosOf(fields);
        for (const ms of times.flatMap((t) => [t, t + 60_000, t + 3_600_000])) {
          expect(scheduleOf(kept, ms)).toEqual(scheduleOf(chaosOf(fields), ms));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('now lies in a blackout if clocks say so', () => {
    fc.assert(
      fc.property(chaos, now, (fields, nowMs) => {
        const { blackout } = scheduleOf(chaosOf(fields), nowMs);
        const { timeZone, blackouts } = fields;
        if (blackouts.some((entry) => liesIn(entry, nowMs, timeZone))) {
          expect(blackout?.untilMs).toBeGreaterThan(nowMs);
        }
      }),
      { numRuns: 200 },
    );
  });
});
