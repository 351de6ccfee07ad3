import { expect, test } from 'vitest';
import { type Beat, runDue } from './schedule.ts';

function beatsAt(...times: number[]) {
  const acts: number[] = [];
  const beats = times.map((nextAt, i): Beat => ({ nextAt, act: () => acts.push(i) }));
  return { acts, beats };
}

test('runs what is due, and keeps the rate', () => {
  const { acts, beats } = beatsAt(0, 5);
  expect(runDue(beats, 10, 0.3)).toBe(5);
  expect(acts).toEqual([0]);
  expect(runDue(beats, 10, 4.8)).toBe(10);
  expect(acts).toEqual([0, 1]);
  expect(beats.map(({ nextAt }) => nextAt)).toEqual([10, 15]);
});

test('skips missed beats', () => {
  const { acts, beats } = beatsAt(0, 5);
  expect(runDue(beats, 10, 37)).toBe(40);
  expect(acts).toEqual([0, 1]);
  expect(beats.map(({ nextAt }) => nextAt)).toEqual([40, 45]);
});
