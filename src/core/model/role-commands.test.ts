import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';
import type { RoleCommandState } from './observed.ts';

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
