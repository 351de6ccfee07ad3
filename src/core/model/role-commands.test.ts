import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';
import type { Observed, RoleCommandState } from './observed.ts';
import { withoutLapsed } from './role-commands.ts';

const hooks = { engine: { type: 'HTTP', promote: { path: '/p' }, demote: { path: '/d' } } };

it('a member is told that it is a standby, however long ago its promotion has failed: the hook may have done its work and not answered', () => {
  const { resource, members } = running(hooks);
  const told = (action: RoleCommandState['action'], ordinal: number, atMs: number) => ({
    ...{ action, uid: `uid-web-${ordinal}`, epoch: 1, generation: 0, state: 'Done' as const },
    ...{ failures: 0, message: '', calledAtMs: atMs, retryAtMs: 0 },
  });
  const lately = { ...told('promote', 1, t0), state: 'Failed' as const, failures: 3 };
  // Its successor has failed, too, so that the last failover is not its own; and it answers again only now.
  const roleCommands = [told('demote', 1, t0 - 1_000), lately, told('demote', 2, t0)];
  const demoted = (nowMs: number) =>
    decide(resource, makeObserved(members, { roleCommands }), nowMs).actions.flatMap((action) =>
      action.type === 'GiveRoleCommand' && action.command.action === 'demote'
        ? [action.command.member.name]
        : [],
    );
  expect(demoted(t0 + 1_000)).toEqual(['web-1']);
  expect(demoted(t0 + 300_000)).toEqual(['web-1']);
});

it('the failed promotion of a standby counts for five minutes, or until the spec is another one; that of the primary counts as long as it leads', () => {
  const failed = (uid: string, calledAtMs: number, more: Partial<RoleCommandState> = {}) => ({
    ...{ action: 'promote' as const, uid, epoch: 1, generation: 0, state: 'Failed' as const },
    ...{ failures: 3, message: '', calledAtMs, retryAtMs: 0, ...more },
  });
  const told = [
    failed('primary', t0 - 1),
    failed('before the edit', t0 - 1),
    failed('after it', t0),
    failed('fenced', t0 - 1, { action: 'fence' }),
  ];
  const counting = (nowMs: number, more: Partial<Observed>) => {
    const observed = makeObserved([], { roleCommands: told, ...more });
    const { roleCommands, nextAtMs } = withoutLapsed(observed, 'primary', nowMs);
    const uids = roleCommands.flatMap(({ uid, failures }) => (failures > 0 ? [uid] : []));
    return { uids, nextAtMs, count: roleCommands.length };
  };
  const ends = t0 + 300_000;
  const all = told.map(({ uid }) => uid);
  const edited = { generationSinceMs: t0 };
  expect(counting(t0, {})).toEqual({ uids: all, nextAtMs: ends - 1, count: 4 });
  const left = { uids: ['primary', 'after it', 'fenced'], nextAtMs: ends, count: 4 };
  expect(counting(t0, edited)).toEqual(left);
  expect(counting(ends - 1, {})).toEqual(left);
  const none = { uids: ['primary', 'fenced'], nextAtMs: Infinity, count: 4 };
  expect(counting(ends, edited)).toEqual(none);
});
