import { expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import { contractOf } from '../model/contact.ts';
import type { Member, Resource, RoleCommandState } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { report } from '../testing/led.ts';
import { planRoles } from './roles.ts';

/** web-0 has led in epoch 3, and web-1 is elected in epoch 4: one of them takes orders, and the other does not. */

const hooks = { promote: { path: '/promote' }, demote: { path: '/demote' } };
const record: FailoverRecord = {
  epoch: 4,
  from: 'web-0',
  to: 'web-1',
  trigger: 'Switchover',
  startedAt: new Date(t0).toISOString(),
  outcome: 'Promoting',
};
const elected = { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 4, initialized: true };
const status = { ...elected, failovers: [record] };
const plainSpec = (engine: object) => makeResource({ engine: { type: 'HTTP', ...engine } }, status);
const ordered = makeResource({ topology: 'LeaderFollower', engine: { type: 'Exec' } }, status);

const plain = (resource: Resource, ordinal: number): Member =>
  makeMember(resource, ordinal, { contract: contractOf(resource.spec) });
const withAgent = (ordinal: number, state: 'Leading' | 'Detached'): Member =>
  makeMember(ordered, ordinal, {
    health: healthy({ report: report({ state, epoch: 3, ledEpoch: 0 }) }),
  });

const told = (
  action: RoleCommandState['action'],
  ordinal: number,
  more: Partial<RoleCommandState>,
): RoleCommandState => ({
  ...{ action, uid: `uid-web-${ordinal}`, generation: 0, epoch: 4, state: 'Done' },
  ...{ failures: 0, message: '', calledAtMs: t0, retryAtMs: t0 + 1_000 },
  ...more,
});

function plan(resource: Resource, members: Member[], roleCommands: RoleCommandState[] = []) {
  const seen = makeObserved(members, { roleCommands });
  const { commands, promoted } = planRoles(resource, seen, members[1], t0);
  return { promotes: commands.some(({ action }) => action === 'promote'), promoted };
}

it.each([
  ['with hooks', hooks],
  ['without hooks', {}],
])('a plain successor %s waits for a former leader that takes orders', (_what, engine) => {
  const resource = plainSpec(engine);
  const next = [plain(resource, 1), plain(resource, 2)];
  const follows = { promotes: 'promote' in engine, promoted: !('promote' in engine) };
  const waits = { promotes: false, promoted: false };
  const leads = [withAgent(0, 'Leading'), ...next];
  expect(plan(resource, leads)).toEqual(waits);
  expect(plan(resource, leads, [told('fence', 0, { state: 'Running' })])).toEqual(waits);
  expect(plan(resource, [withAgent(0, 'Detached'), ...next])).toEqual(follows);
  // Without a lease nothing else can stop it: one that refuses must not delay its successor for ever.
  const refused = told('fence', 0, { state: 'Failed', failures: 1 });
  expect(plan(resource, leads, [refused])).toEqual(follows);
});

it('a successor that takes orders waits for the demote hook of a plain former leader', () => {
  const former = plain(plainSpec(hooks), 0);
  const members = [former, withAgent(1, 'Detached'), withAgent(2, 'Detached')];
  const promotes = (...commands: RoleCommandState[]) => plan(ordered, members, commands).promotes;
  expect(promotes()).toBe(false);
  expect(promotes(told('demote', 0, { state: 'Running' }))).toBe(false);
  expect(promotes(told('demote', 0, {}))).toBe(true);
});
