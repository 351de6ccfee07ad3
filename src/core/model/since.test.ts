import { expect, it } from 'vitest';
import { endOf } from './since.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

it.each([
  ['2025-12-31T23:59:31Z', true],
  ['2025-12-31T23:59:30Z', false],
  // The clock of another machine.
  ['2026-01-01T00:00:05Z', true],
  // A clock that was put right since.
  ['2026-01-01T01:00:00Z', false],
  [undefined, false],
])('30 s after %s: %s', (time, expected) => {
  const end = endOf(time, 30_000, nowMs);
  expect(end !== undefined).toBe(expected);
  if (expected) expect(end).toBe(Date.parse(time ?? '') + 30_000);
});
