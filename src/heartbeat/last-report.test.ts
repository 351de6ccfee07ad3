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
])('is no change: %j', (more) => {
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
  [{ copy: { bytes: 0, elapsedMs: 0 } }],
] satisfies [Partial<MemberReport>][])('is news: %j', (more) => {
  expect(heardAfter(more)).toBe(true);
});

it('does not count that more of a copy has come as a change', () => {
  const last = new LastReport(new FakeClock());
  last.update({ ...first, copy: { bytes: 1, elapsedMs: 10 } });
  expect(last.update({ ...first, copy: { bytes: 2, totalBytes: 3, elapsedMs: 20 } })).toBe(false);
});

it('counts a position that is no longer known as a change', () => {
  const last = new LastReport(new FakeClock());
  last.update(first);
  const { position: _position, ...unknown } = first;
  expect(last.update(unknown)).toBe(true);
});

it('remembers since when the member has had no link to the leader that it follows', () => {
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
  // The member was told of another leader, or of the same one again: it has just begun to follow.
  expect(update({ linked: false, leader: 'db-2' })).toBe(0);
  expect(update({ linked: false, leader: 'db-2', epoch: 2 })).toBe(0);
  expect(update({ state: 'Cloning' })).toBeNaN();
  expect(update({ linked: false })).toBe(0);
  last.forget();
  expect(since()).toBeNaN();
});

it('returns when it was received, by both clocks, until another process starts', () => {
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
