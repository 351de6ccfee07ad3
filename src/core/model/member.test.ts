import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { dead, healthy, makeMember, running } from '../testing/fixtures.ts';
import { isComplete, isDurable, undurablePrimary, whyIncomplete, whyNotHealthy } from './member.ts';
import type { Member } from './observed.ts';

const { resource } = running();
const position = { term: 1, offset: 8 };

const memberWith = (report: Partial<MemberReport>) =>
  makeMember(resource, 0, {
    health: healthy({ report: { state: 'Detached', epoch: 1, ledEpoch: 1, ...report } }),
  });

it.each([
  ['a member with data', { position }, true, true],
  ['one that has data only in memory', { position, durable: false }, true, false],
  ['one that was restarted before its data were on disk', { durable: false }, false, false],
  ['one that was restarted and has all, but not the count of it', {}, true, true],
  ['one without data', { state: 'Empty' }, false, true],
  ['one that is being made a copy', { state: 'Cloning', position }, false, true],
  ['one that is starting', { state: 'Starting' }, false, true],
  ['a leader', { state: 'Leading', position, durable: false }, true, false],
] as const)('%s is complete and durable, or not', (_what, report, complete, durable) => {
  const member = memberWith(report);
  expect([isComplete(member), isDurable(member)]).toEqual([complete, durable]);
});

it('counts what is old as complete only if that is accepted', () => {
  const old = memberWith({ durable: false });
  expect(whyIncomplete(old)).toContain('may have old data');
  expect(whyIncomplete(old, true)).toBeUndefined();
  expect(whyIncomplete(memberWith({ state: 'Empty', durable: false }), true)).toBe('has no data');
});

it('is not said to be unable to start if it hangs beside a container that waits', () => {
  const waiting = { container: 'log', reason: 'CrashLoopBackOff', message: '' };
  const why = (health: Member['health']) =>
    whyNotHealthy({ ...memberWith({}), waiting, ...(health && { health }) });
  expect(why(dead('Silent'))).toBe('silent for 2000 ms');
  expect(why(dead('Refused'))).toBe('cannot start: CrashLoopBackOff');
});

it('finds a primary whose restart would lose data, while it is healthy', () => {
  const primary = memberWith({ state: 'Leading', position, durable: false });
  const standby = { ...primary, uid: 'uid-web-1', name: 'web-1' };
  expect(undurablePrimary(resource, [standby, primary])).toBe(primary);
  expect(undurablePrimary(resource, [standby])).toBeUndefined();
  expect(undurablePrimary(resource, [memberWith({ state: 'Leading' })])).toBeUndefined();
  expect(undurablePrimary(resource, [{ ...primary, health: dead('Silent') }])).toBeUndefined();
});
