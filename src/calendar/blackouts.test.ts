import { describe, expect, test } from 'vitest';
import { blackoutFault, blackoutOf } from './blackouts.ts';
import { at, shown } from './testing.ts';

const berlin = 'Europe/Berlin';

/** The interval in which a local time lies, or the next one. */
function intervalOf(from: string, to: string, local: string, zone = berlin) {
  const { next } = blackoutOf({ from, to }, zone);
  const interval = next(at(local, zone));
  return interval && [shown(interval.startMs, zone), shown(interval.endMs, zone)];
}

describe('days', () => {
  const holidays = ['2026-12-24T00:00+01:00', '2027-01-03T00:00+01:00'];

  test.each(['2026-01-01T00:00', '2026-12-24T00:00', '2027-01-02T23:59:59.999'])(
    'both are part of the blackout: seen on %s',
    (local) => {
      expect(intervalOf('2026-12-24', '2027-01-02', local)).toEqual(holidays);
    },
  );

  test('after the last day there is none', () => {
    expect(intervalOf('2026-12-24', '2027-01-02', '2027-01-03T00:00')).toBeUndefined();
  });

  test('one day, of 23 and of 25 hours', () => {
    expect(intervalOf('2026-03-29', '2026-03-29', '2026-03-29T12:00')).toEqual([
      '2026-03-29T00:00+01:00',
      '2026-03-30T00:00+02:00',
    ]);
    expect(intervalOf('2026-10-25', '2026-10-25', '2026-10-25T12:00')).toEqual([
      '2026-10-25T00:00+02:00',
      '2026-10-26T00:00+01:00',
    ]);
  });

  test('if clocks skip midnight, the day begins when they do', () => {
    expect(intervalOf('2026-04-24', '2026-04-24', '2026-04-24T12:00', 'Africa/Cairo')).toEqual([
      '2026-04-24T01:00+03:00',
      '2026-04-25T00:00+03:00',
    ]);
  });
});

describe('times of day', () => {
  test.each([
    ['2026-06-01T21:59', '01T22:00', '02T06:00'],
    ['2026-06-01T22:00', '01T22:00', '02T06:00'],
    ['2026-06-02T05:59', '01T22:00', '02T06:00'],
    ['2026-06-02T06:00', '02T22:00', '03T06:00'],
  ])('from 22:00 to 06:00, at %s', (local, start, end) => {
    expect(intervalOf('22:00', '06:00', local)).toEqual([
      `2026-06-${start}+02:00`,
      `2026-06-${end}+02:00`,
    ]);
  });

  test.each([
    ['2026-06-01T08:59', '01T09:00', '01T17:00'],
    ['2026-06-01T16:59', '01T09:00', '01T17:00'],
    ['2026-06-01T17:00', '02T09:00', '02T17:00'],
  ])('from 09:00 to 17:00, at %s', (local, start, end) => {
    expect(intervalOf('09:00', '17:00', local)).toEqual([
      `2026-06-${start}+02:00`,
      `2026-06-${end}+02:00`,
    ]);
  });

  test.each([
    // Clocks skip 02:00 to 03:00.
    ['02:30', '05:00', '2026-03-29T00:00', '2026-03-29T03:00+02:00', '2026-03-29T05:00+02:00'],
    ['01:30', '02:30', '2026-03-29T00:00', '2026-03-29T01:30+01:00', '2026-03-29T03:00+02:00'],
    // None is left on that day.
    ['02:00', '03:00', '2026-03-29T00:00', '2026-03-30T02:00+02:00', '2026-03-30T03:00+02:00'],
    ['02:00', '03:00', '2026-03-28T12:00', '2026-03-30T02:00+02:00', '2026-03-30T03:00+02:00'],
    // Clocks show 02:00 to 03:00 twice.
    ['02:30', '02:45', '2026-10-25T00:00', '2026-10-25T02:30+02:00', '2026-10-25T02:45+01:00'],
  ])('from %s to %s, if clocks change, after %s', (from, to, local, start, end) => {
    expect(intervalOf(from, to, local)).toEqual([start, end]);
  });

  test.each([
    ['22:00', '06:00', ['22:00', '23:59', '00:00', '05:59'], ['21:59', '06:00', '12:00']],
    ['09:00', '17:00', ['09:00', '16:59'], ['08:59', '17:00', '00:00']],
  ])('from %s to %s, on every day', (from, to, inside, outside) => {
    const { covers } = blackoutOf({ from, to }, berlin);
    expect(inside.filter((time) => !covers(time))).toEqual([]);
    expect(outside.filter(covers)).toEqual([]);
  });
});

test('the text says what it is', () => {
  expect(blackoutOf({ from: '2026-12-24', to: '2027-01-02' }, berlin).text).toBe(
    'the blackout from 2026-12-24 to 2027-01-02',
  );
  expect(blackoutOf({ from: '22:00', to: '06:00' }, berlin).text).toBe(
    'the daily blackout from 22:00 to 06:00 (Europe/Berlin)',
  );
});

describe('faults', () => {
  test.each([
    ['2026-12-24', '2027-01-02'],
    ['2028-02-29', '2028-02-29'],
    ['22:00', '06:00'],
    ['00:00', '23:59'],
  ])('none: from %s to %s', (from, to) => {
    expect(blackoutFault({ from, to })).toBeUndefined();
  });

  const dayMissing = (date: string) =>
    `the day "${date}" does not exist; write a day of the calendar, such as "2026-02-28"`;
  const mixed = (from: string, to: string) =>
    `"${from}" and "${to}" are not two days or two times of day; write from: "2026-12-24" and to: "2027-01-02", or from: "22:00" and to: "06:00"`;
  test.each([
    ['2026-02-30', '2026-03-01', dayMissing('2026-02-30')],
    ['2026-02-01', '2026-02-29', dayMissing('2026-02-29')],
    ['2026-13-01', '2026-13-02', dayMissing('2026-13-01')],
    ['2027-01-02', '2026-12-24', 'from "2027-01-02" is after to "2026-12-24"; exchange them'],
    ['22:00', '22:00', 'from and to are both "22:00"; write two times that differ, or two days'],
    ['22:00', '2026-12-24', mixed('22:00', '2026-12-24')],
    ['22:00', '24:00', mixed('22:00', '24:00')],
    ['24.12.2026', '31.12.2026', mixed('24.12.2026', '31.12.2026')],
  ])('from %s to %s', (from, to, fault) => {
    expect(blackoutFault({ from, to })).toBe(fault);
  });
});
