import { expect, it } from 'vitest';
import { userRequest } from './user-request.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const at = (seconds: number) => new Date(nowMs + seconds * 1_000).toISOString();

/** Annotates with each value in turn, as one user after the other. @returns what becomes of each. */
function annotate(...values: string[]): string[] {
  let handled: string | undefined;
  let refused: string | undefined;
  return values.map((value) => {
    const request = userRequest(value, { handled, refused }, nowMs - 3_600_000, nowMs);
    if (request.kind === 'Due') handled = request.value;
    if (request.kind === 'Refused') refused = request.value;
    return request.kind === 'Refused' ? request.reason : request.kind;
  });
}

it('a time is due once, whatever values stand in between', () => {
  expect(annotate(at(-10), at(-10))).toEqual(['Due', 'None']);
  expect(annotate(at(-10), 'now', at(-10))).toEqual(['Due', 'RequestInvalid', 'None']);
  expect(annotate(at(-10), at(-20), at(-10))).toEqual(['Due', 'RequestTooOld', 'None']);
  expect(annotate(at(-10), at(86_400), at(-10))).toEqual(['Due', 'RequestInvalid', 'None']);
});

it('a later time is due, also after a refused one', () => {
  expect(annotate(at(-10), 'now', 'now', at(-5))).toEqual(['Due', 'RequestInvalid', 'None', 'Due']);
  expect(annotate(at(86_400), at(-5))).toEqual(['RequestInvalid', 'Due']);
  expect(annotate(at(-600), at(-5))).toEqual(['RequestTooOld', 'Due']);
});

it('of a long value only the beginning is kept', () => {
  const long = 'x'.repeat(1_000);
  expect(annotate(long, long)).toEqual(['RequestInvalid', 'None']);
  expect(userRequest(long, { handled: undefined, refused: undefined }, 0, nowMs)).toMatchObject({
    value: 'x'.repeat(64),
  });
});
