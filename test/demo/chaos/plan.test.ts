import { expect, it } from 'vitest';
import { planOf } from './plan.ts';

const minute = Date.parse('2026-11-28T10:00:00Z');

it('leaves full minutes to the schedule, and asks each 15 s in between', () => {
  const plan = planOf(minute + 21_000);
  const hits = plan.filter(({ kind }) => kind === 'Request' || kind === 'Schedule');
  expect(hits.map(({ atMs, kind }) => `${(atMs - minute) / 1_000} ${kind}`)).toEqual([
    ...['30 Request', '45 Request', '60 Schedule', '75 Request', '90 Request', '105 Request'],
    ...['120 Schedule', '135 Request', '150 Request', '165 Request'],
  ]);
});

it('asks once before the recovery, and once during an update, in the order of time', () => {
  const plan = planOf(minute);
  expect(plan.map(({ kind }) => kind).slice(0, 3)).toEqual(['Request', 'Request', 'RequestAgain']);
  expect(plan.filter(({ kind }) => kind === 'TemplateChange')).toHaveLength(1);
  expect(plan.toSorted((a, b) => a.atMs - b.atMs)).toEqual(plan);
  expect(plan[0]!.atMs).toBeGreaterThan(minute);
});
