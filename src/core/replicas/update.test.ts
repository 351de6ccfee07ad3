import { expect, it } from 'vitest';
import type { Member, Observed } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';
import { planReplicas } from './replicas.ts';

const claims = [{ metadata: { name: 'data' }, spec: {} }];
const redis = { engine: { type: 'Redis' }, volumeClaimTemplates: claims };
const fencing = {
  ...{ epoch: 2, from: 'web-0', trigger: 'PodGone' as const },
  startedAt: new Date(t0).toISOString(),
};
const promotion = {
  ...{ epoch: 1, from: 'web-1', to: 'web-0', trigger: 'Crash' as const },
  ...{ startedAt: new Date(t0).toISOString(), outcome: 'Promoting' as const },
};
const wrongImage = { container: 'redis', reason: 'ImagePullBackOff', message: 'no such image' };

/** What is replaced of a service whose web-2 was made from a spec that was wrong and is corrected. */
function replaced(
  { spec = {}, status = {} }: { spec?: object; status?: object },
  change: (members: Member[]) => Member[],
  stuck: Partial<Member> = {},
) {
  const { resource, members } = strong({ ...redis, ...spec }, status);
  const { health: _none, ...unheard } = members[2]!;
  members[2] = { ...unheard, templateHash: 'old', phase: 'Pending', waiting: wrongImage, ...stuck };
  const { remove } = planReplicas(resource, makeObserved(change(members)), t0);
  return remove.map(({ member, reason }) => `${member.name} ${reason}`);
}

/** Its grace period is an hour. */
const leaving = (members: Member[]) =>
  members.map((m) => (m.ordinal === 0 ? { ...m, deletionAtMs: t0 + 3_600_000 } : m));
const ended = (members: Member[]) =>
  members.map((m) => (m.ordinal === 1 ? { ...m, phase: 'Failed', createdAtMs: t0 - 1_000 } : m));
const missing = (members: Member[]) => members.filter(({ ordinal }) => ordinal !== 1);
const surplus = (members: Member[]) => {
  const { resource } = strong(redis);
  return [...members, makeMember(resource, 3, { health: led(resource, 3, {}).health! })];
};

it.each<[what: string, state: object, change: (members: Member[]) => Member[]]>([
  ['the pod of the primary is leaving, before the fence', {}, leaving],
  ['and during the fence, which may need its vote', { status: { epoch: 2, fencing } }, leaving],
  ['another pod ends again and again', {}, ended],
  ['the API server refuses the pods that are missing', {}, missing],
  [
    'a fence has made more members than there should be',
    { status: { epoch: 2, fencing } },
    surplus,
  ],
])('a stuck outdated member is replaced at once, also if %s', (_what, state, change) => {
  expect(replaced(state, change)).toEqual(['web-2 Outdated']);
});

it('but not if the primary is gone, and a person or a wait decides when its successor is chosen: its memory may be the last good copy', () => {
  const gone = (members: Member[]) => members.filter(({ ordinal }) => ordinal !== 0);
  const health = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: 'BUSY' });
  const busy = ([b, { waiting: _none, ...c } = {} as Member]: Member[]) => [
    ...[b!, { ...c, phase: 'Running', health }],
  ];
  expect(replaced({}, (members) => busy(gone(members)))).toEqual([]);
  expect(replaced({}, gone)).toEqual(['web-2 Outdated']);
});

it('but not while what its memory holds may be a vote for the successor of a primary that leaves', () => {
  const health = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: 'not well' });
  const up = ([a, b, { waiting: _none, ...c } = {} as Member]: Member[]) => [
    ...[a!, b!],
    { ...c, phase: 'Running', health },
  ];
  expect(replaced({}, up)).toEqual(['web-2 Outdated']);
  expect(replaced({}, (members) => leaving(up(members)))).toEqual([]);
});

it('a standby is replaced by the present spec if the primary cannot be promoted and no member is of that spec, such as one that corrects a hook', () => {
  const spec = { engine: { type: 'HTTP' } };
  const { resource, members } = running(spec);
  const failed = (failures: number): Observed['roleCommands'] => [
    {
      ...{ action: 'promote', uid: 'uid-web-0', epoch: 1, generation: 0, state: 'Failed' },
      ...{ failures, message: 'answered 404', calledAtMs: t0, retryAtMs: t0 + 30_000 },
    },
  ];
  const promoting = { ...resource.status, failovers: [promotion] };
  const removed = (all: Member[], failures: number) =>
    planReplicas(
      { ...resource, status: promoting },
      makeObserved(all, { roleCommands: failed(failures) }),
      t0,
    ).remove.map(({ member, reason }) => `${member.name} ${reason}`);
  const old = members.map((member) => ({ ...member, templateHash: 'old' }));
  expect(removed(old, 3)).toEqual(['web-2 Outdated']);
  expect(removed(old, 2)).toEqual([]);
  const [a, b] = old as [Member, Member];
  expect(removed([a, b, members[2]!], 3)).toEqual([]);
});
