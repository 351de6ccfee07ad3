import { expect, test } from 'vitest';
import { bytesAhead, isAtRisk } from './data-loss.ts';

interface Case {
  what: string;
  start?: number;
  position?: { term: number; offset: number };
  foreign?: boolean;
  ledIn?: number;
  ledUntil?: number;
  risk: boolean;
}

/** The member is to follow the leader of epoch 3, whose term began at 100 if `start` is given. */
const cases: Case[] = [
  {
    what: 'a follower that is behind',
    start: 100,
    position: { term: 2, offset: 90 },
    risk: false,
  },
  {
    what: 'a follower that was ahead',
    start: 100,
    position: { term: 2, offset: 130 },
    risk: true,
  },
  {
    what: 'a follower of the same term',
    start: 100,
    position: { term: 3, offset: 130 },
    risk: false,
  },
  { what: 'a follower after a restart', start: 100, risk: false },
  { what: 'data of another service', start: 100, foreign: true, risk: true },
  {
    what: 'the former leader, fenced in time',
    start: 100,
    position: { term: 2, offset: 100 },
    ledIn: 2,
    risk: false,
  },
  {
    what: 'the former leader, which continued',
    start: 100,
    position: { term: 2, offset: 101 },
    ledIn: 2,
    risk: true,
  },
  { what: 'the former leader, restarted', start: 100, ledIn: 2, risk: true },
  {
    what: 'the former leader, fenced and restarted',
    start: 100,
    ledIn: 2,
    ledUntil: 100,
    risk: false,
  },
  {
    what: 'the former leader, fenced too late and restarted',
    start: 100,
    ledIn: 2,
    ledUntil: 107,
    risk: true,
  },
  {
    what: "an earlier leader, with an unknown start of its successor's term",
    start: 100,
    position: { term: 1, offset: 80 },
    ledIn: 1,
    risk: true,
  },
  {
    what: 'a leader, with an unknown start of the term',
    position: { term: 2, offset: 80 },
    ledIn: 2,
    risk: true,
  },
];

test.each(cases)('$what', ({ start, position, foreign = false, ledIn = 0, ledUntil, risk }) => {
  const leader = { member: 'b', host: '10.0.0.2', port: 6379 };
  const order = {
    member: 'a',
    epoch: 3,
    reason: '',
    leader,
    ...(start === undefined ? {} : { start }),
  };
  const remembered = { foreign, held: true, lost: false, ledIn, ledUntil };
  expect(isAtRisk(order, position, remembered)).toBe(risk);
});

test('bytes are counted only within one history', () => {
  const leader = { replid: 'y', replid2: 'x', until: 100 };
  expect(bytesAhead(130, 'x', leader)).toBe(30);
  expect(bytesAhead(90, 'x', leader)).toBe(0);
  expect(bytesAhead(130, 'z', leader)).toBeUndefined();
  expect(bytesAhead(130, 'x', undefined)).toBeUndefined();
});
