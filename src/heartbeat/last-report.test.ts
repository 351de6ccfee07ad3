import { expect, it } from 'vitest';
import type { MemberReport } from '../protocol/member-protocol.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { LastReport } from './last-report.ts';

const position = { term: 1, offset: 5 };
const first: MemberReport = { state: 'Following', epoch: 1, ledEpoch: 0, position, nonce: 'n1' };

const heardAfter = (more: Partial<MemberReport>) => {
  const last = new LastReport(new FakeClock());
  expect(last.update(first)).toBe(true);
  return last.update({ ...first, ...more });
};

it.each([
  [{ position: { term: 2, offset: 9 } }],
  [{ lagMs: 7 }],
  [{ nonce: 'n2' }],
  [{ uid: 'a' }],
])('is no news: %j', (more) => {
  expect(heardAfter(more)).toBe(false);
});

it.each([
  [{ state: 'Detached' }],
  [{ epoch: 2 }],
  [{ ledEpoch: 1 }],
  [{ leader: 'db-2' }],
  [{ linked: false }],
  [{ sync: { members: ['db-1'], acks: 1 } }],
  [{ identity: 'x' }],
  [{ loss: { epoch: 1, message: 'x' } }],
  [{ problem: { reason: 'Slow', message: 'x' } }],
] satisfies [Partial<MemberReport>][])('is news: %j', (more) => {
  expect(heardAfter(more)).toBe(true);
});

it('is news that the position is known no more', () => {
  const last = new LastReport(new FakeClock());
  last.update(first);
  const { position: _position, ...unknown } = first;
  expect(last.update(unknown)).toBe(true);
});

it('tells since when it has had no link to the leader that it follows', () => {
  const clock = new FakeClock();
  const last = new LastReport(clock);
  const since = () => (last.fields().unlinkedSinceWallMs ?? NaN) - clock.wallNow();
  const update = (more: Partial<MemberReport>) => {
    clock.advance(10);
    last.update({ ...first, leader: 'db-0', ...more });
    return since();
  };
  expect(update({ linked: true })).toBeNaN();
  expect(update({ linked: false })).toBe(0);
  expect(update({ linked: false })).toBe(-10);
  // Told of another leader, or of the same again: it has just begun.
  expect(update({ linked: false, leader: 'db-2' })).toBe(0);
  expect(update({ linked: false, leader: 'db-2', epoch: 2 })).toBe(0);
  expect(update({ state: 'Cloning' })).toBeNaN();
  expect(update({ linked: false })).toBe(0);
  last.forget();
  expect(since()).toBeNaN();
});

it('tells when it was heard, by both clocks, until another life begins', () => {
  const clock = new FakeClock();
  clock.advance(70);
  const last = new LastReport(clock);
  expect(last.nonce()).toBeUndefined();
  last.update(first);
  clock.advance(30);
  expect(last.fields()).toEqual({ report: first, reportedAtMs: clock.wallNow() - 30 });
  expect(last.nonce()).toEqual({ nonce: 'n1', receivedAt: 70 });
  expect(last.forget()).toBe(true);
  expect(last.fields()).toEqual({});
  expect(last.nonce()).toBeUndefined();
  expect(last.forget()).toBe(false);
});
