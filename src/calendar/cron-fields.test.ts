import { Cron } from 'croner';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cronFault } from './cron-fields.ts';

const order = 'minute hour day-of-month month day-of-week';

test.each([
  ['61 * * * *', '"61" is no minute; write 0 to 59, */15 or 0,30', 1],
  ['-5 * * * *', '"-5" is no minute; write 0 to 59, */15 or 0,30', 1],
  ['0,,30 * * * *', '"0,,30" has an empty item; write 0 to 59, */15 or 0,30', 1],
  ['1.5 * * * *', '"1.5" is no minute; write 0 to 59, */15 or 0,30', 1],
  ['*/0 * * * *', '"0" in "*/0" is no step from 1 to 60; write 0 to 59, */15 or 0,30', 1],
  ['*/ * * * *', '"" in "*/" is no step from 1 to 60; write 0 to 59, */15 or 0,30', 1],
  ['*/5/5 * * * *', '"5/5" in "*/5/5" is no step from 1 to 60; write 0 to 59, */15 or 0,30', 1],
  [
    '10/15 * * * *',
    '"10/15" has a step without a range (10-59/15); write 0 to 59, */15 or 0,30',
    1,
  ],
  ['0 24 * * *', '"24" is no hour; write 0 to 23, */2 or 9-17', 2],
  ['0 17-9 * * *', '"17-9" ends before it begins; write 0 to 23, */2 or 9-17', 2],
  ['0 9-12-17 * * *', '"9-12-17" is no range; write 0 to 23, */2 or 9-17', 2],
  ['0 */25 * * *', '"25" in "*/25" is no step from 1 to 24; write 0 to 23, */2 or 9-17', 2],
  ['0 0 0 * *', '"0" is no day of the month; write 1 to 31, */2 or 1,15', 3],
  ['0 0 1,32 * *', '"32" is no day of the month; write 1 to 31, */2 or 1,15', 3],
  ['0 0 L * *', '"L" is no day of the month; write 1 to 31, */2 or 1,15', 3],
  ['0 0 15W * *', '"15W" is no day of the month; write 1 to 31, */2 or 1,15', 3],
  ['0 0 ? * *', '"?" is no day of the month; write 1 to 31, */2 or 1,15', 3],
  ['0 0 1 13 *', '"13" is no month; write 1 to 12, JAN to DEC or 3-5', 4],
  ['0 0 1 MON *', '"MON" is no month; write 1 to 12, JAN to DEC or 3-5', 4],
  [
    '0 0 * * 8',
    '"8" is no day of the week; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
  [
    '0 0 * * MO',
    '"MO" is no day of the week; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
  [
    '0 0 * * FRI-MON',
    '"FRI-MON" ends before it begins; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
  [
    '0 0 * * FRI#2',
    '"FRI#2" is no day of the week; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
  [
    '0 0 1 * +MON',
    '"+MON" is no day of the week; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
  [
    '0 0 * * */8',
    '"8" in "*/8" is no step from 1 to 7; write 0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
    5,
  ],
])('%j: %s', (schedule, fault, field) => {
  expect(cronFault(schedule)).toBe(`${fault} (field ${field} of 5: ${order})`);
});

test('of several wrong fields, the first is named', () => {
  expect(cronFault('0 24 32 13 8')).toContain('"24" is no hour');
});

test.each([
  ['0 * * *', 4],
  ['0 0 * * * *', 6],
  ['0 0 * * * * 2027', 7],
])('%j has %i fields', (schedule, count) => {
  expect(cronFault(schedule)).toBe(
    `"${schedule}" has ${count} fields; write five (${order}), such as "*/30 9-17 * * 1-5"`,
  );
});

test.each([
  ['hourly', '1 field'],
  ['', '0 fields'],
])('%j has %s', (schedule, count) => {
  expect(cronFault(schedule)).toContain(`"${schedule}" has ${count}; write five`);
});

test.each(['@midnight', '@daily', ' @annually '])('%j is a nickname', (schedule) => {
  expect(cronFault(schedule)).toBe(
    `"${schedule.trim()}" is a nickname; write five fields (${order}), such as "0 3 * * *" for each day at 03:00`,
  );
});

const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);

/** Items of a field: a value, or * or a range, each of them with or without a step. */
function field(least: number, most: number, steps: number, names: string[] = []) {
  const value = names.length > 0 ? fc.constantFrom(...names) : number(least, most);
  const range = fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const stepped = fc
    .tuple(fc.oneof(fc.constant('*'), range), number(1, steps))
    .map(([base, step]) => `${base}/${step}`);
  const item = fc.oneof(value, number(least, most), range, stepped);
  return fc.oneof(
    fc.constant('*'),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
  );
}

const cron = fc
  .tuple(
    field(0, 59, 60),
    field(0, 23, 24),
    field(1, 31, 31),
    field(1, 12, 12, ['JAN', 'feb', 'MAR-MAY', 'Dec', 'OCT-DEC/2']),
    field(0, 7, 7, ['SUN', 'mon', 'SAT-SUN', 'MON-FRI/2', 'SUN-TUE']),
  )
  .map((parts) => parts.join(' '));

test('what has no fault, croner accepts', () => {
  fc.assert(
    fc.property(cron, (schedule) => {
      expect(cronFault(schedule)).toBeUndefined();
      expect(() => new Cron(schedule, { mode: '5-part' })).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

test('what croner refuses has a fault, so that no schedule makes a reconcile fail', () => {
  const characters = fc.constantFrom(...'0123456789*/-,#LW?+@:ABJNSU'.split(''));
  const word = fc.string({ unit: characters, minLength: 1, maxLength: 4 });
  // One field is anything, as nearly every text of five such fields has a fault.
  const nearly = fc
    .tuple(fc.nat(4), word)
    .map(([i, text]) => ['0', '0', '1', '1', '1'].with(i, text).join(' '));
  fc.assert(
    fc.property(nearly, (schedule) => {
      if (cronFault(schedule) === undefined) {
        expect(() => new Cron(schedule, { mode: '5-part' })).not.toThrow();
      }
    }),
    { numRuns: 2000 },
  );
});
