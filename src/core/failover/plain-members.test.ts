import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import { fenceOf } from './fence.ts';
import type { Member, Observed } from '../model/observed.ts';
import { planReplicas } from '../replicas/replicas.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { report } from '../testing/led.ts';

/** A live website onto which `failover.consistency: Strong` is patched: its pods were made without an agent, and have no lease. */

const containers = [{ name: 'nginx', image: 'nginx', command: ['nginx'] }];
const spec = { failover: { consistency: 'Strong' }, template: { spec: { containers } } };

function patched() {
  const { resource, members } = running(spec);
  const plain = members.map((member): Member => {
    const { agentPort: _port, leaseMs: _lease, ...rest } = member;
    return { ...rest, templateHash: 'old' };
  });
  return { resource: { ...resource, agentImage: 'operator' }, members: plain };
}
const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'Crash' as const,
  startedAt: new Date(t0).toISOString(),
};
const later = t0 + 60_000;
const proof = (former: Partial<Member> | undefined, more: Partial<Observed> = {}) => {
  const { resource, members } = running(spec);
  const status = { ...resource.status, epoch: 2, fencing };
  const [first, ...others] = members as [Member, ...Member[]];
  const seen = former === undefined ? others : [{ ...first, ...former }, ...others];
  return fenceOf({ ...resource, status }, makeObserved(seen, more), later);
};
const withoutAgent = { agentPort: undefined, leaseMs: undefined } as object;

it('a refused port proves the end only if it is the port of the agent that the pod was created with', () => {
  const refused = { health: dead('Refused', { refusedPort: 8990 }) };
  expect(proof(refused)).toMatchObject({ isProved: true, method: 'Terminated' });
  expect(proof({ ...refused, agentPort: 9000 })).toMatchObject({ isProved: false });
  expect(proof({ ...refused, ...withoutAgent })).toMatchObject({ isProved: false });
  expect(proof({ health: dead('Refused', { refusedPort: 80 }) })).toMatchObject({
    isProved: false,
  });
});

it('a phase proves no end, as others than the kubelet write it; ended containers do', () => {
  expect(proof({ phase: 'Failed', health: dead('Silent') })).toMatchObject({ isProved: false });
  expect(proof({ phase: 'Failed', terminated: true, health: dead('Silent') })).toMatchObject({
    isProved: true,
    method: 'Terminated',
  });
});

it('a lease that no member has does not end', () => {
  const over = { leaseEndsInMs: 0 };
  expect(proof({ ...withoutAgent, health: dead('Silent') }, over)).toMatchObject({
    isProved: false,
    missing: expect.stringContaining('made before it needed a lease') as string,
  });
  expect(proof({ ...withoutAgent, health: dead('Silent'), deletionAtMs: t0 }, over)).toMatchObject({
    isProved: false,
    missing: expect.stringContaining('its containers must have ended') as string,
  });
  // With an agent, but created when no lease was needed.
  const unleased = { leaseMs: undefined } as object;
  expect(proof({ ...unleased, health: dead('Silent') }, over)).toMatchObject({ isProved: false });
  const acknowledges = { health: healthy({ report: report({ state: 'Detached', epoch: 2 }) }) };
  expect(proof({ ...unleased, ...acknowledges }, over)).toMatchObject({ method: 'Acknowledged' });
  expect(proof({ health: dead('Silent') }, over)).toMatchObject({ isProved: true });
  expect(proof(undefined, over)).toMatchObject({ isProved: true });
});

it('nothing fails by the patch: the plain primary goes on, and standbys are replaced one by one', () => {
  const { resource, members } = patched();
  const writeEndpoints = ['uid-web-0'];
  const { actions, status, commit } = decide(
    resource,
    makeObserved(members, { writeEndpoints }),
    t0,
  );
  expect(commit?.status.fencing).toBeUndefined();
  expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
  const noted = { ...resource, status: { ...status, initialized: true } };
  const next = decide(noted, makeObserved(members, { writeEndpoints }), t0);
  const removed = next.actions.flatMap((action) =>
    action.type === 'DeletePod' ? [action.removal.member.name] : [],
  );
  expect([...actions, ...next.actions].filter(({ type }) => type === 'GiveRoleCommand')).toEqual(
    [],
  );
  expect(removed).toEqual(['web-2']);
});

it('the plain primary is replaced last, by its deletion, as nothing else can stop it', () => {
  const { resource, members } = patched();
  const replaced = running(spec).members.slice(1);
  const seen = [
    members[0]!,
    ...replaced.map((member) => ({ ...member, health: healthy({ report: report() }) })),
  ];
  const observed = makeObserved(seen);
  expect(planFailover(resource, observed, t0)).toEqual({ kind: 'None' });
  expect(planReplicas(resource, observed, t0).remove).toMatchObject([
    { member: { name: 'web-0' }, reason: 'Outdated' },
  ]);
});

it('a plain primary that crashes is deleted, so that its end is certain', () => {
  const { resource, members } = patched();
  const crashed = { ...members[0]!, health: dead('Refused', { refusedPort: 80 }) };
  const seen = makeObserved([crashed, ...members.slice(1)], { leaseEndsInMs: 0 });
  expect(planFailover(resource, seen, later)).toMatchObject({ kind: 'Fence' });
  const begun = { ...resource, status: { ...resource.status, epoch: 2, fencing } };
  expect(planFailover(begun, seen, later)).toMatchObject({ kind: 'Blocked' });
  expect(planReplicas(begun, seen, later).remove).toMatchObject([
    { member: { name: 'web-0' }, reason: 'Unfenceable' },
  ]);
  const gone = makeObserved(members.slice(1), { leaseEndsInMs: 0 });
  expect(planFailover(begun, gone, later)).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
});

it('a service without agents whose pods cannot be created again continues as before: nothing is deleted, and nothing waits for a fence', () => {
  const { resource, members } = patched();
  const { agentImage: _unknown, ...without } = resource;
  const crashed = { ...members[0]!, health: dead('Refused', { refusedPort: 80 }) };
  const seen = makeObserved([crashed, ...members.slice(1)]);
  expect(planFailover(without, seen, later)).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
  const begun = { ...without, status: { ...without.status, epoch: 2, fencing } };
  expect(planReplicas(begun, seen, later).remove).toEqual([]);
});

it('plain members are told their roles by their hooks until they are replaced', () => {
  const roleCommands = { promote: { path: '/promote' }, demote: { path: '/demote' } };
  const { resource, members } = running({ ...spec, engine: { type: 'HTTP', ...roleCommands } });
  const plain = members.map((member): Member => {
    const { agentPort: _port, leaseMs: _lease, ...rest } = member;
    return rest;
  });
  const { actions, status } = decide(
    { ...resource, agentImage: 'operator' },
    makeObserved(plain),
    t0,
  );
  const told = actions.flatMap((action) =>
    action.type === 'GiveRoleCommand'
      ? [`${action.command.action} ${action.command.member.name}`]
      : [],
  );
  expect(told.sort()).toEqual(['demote web-1', 'demote web-2', 'promote web-0']);
  expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
  });
});

it('an elected member without an agent is promoted although its predecessor has an agent, which gets no hook; none is promoted during the fence', () => {
  const roleCommands = { promote: { path: '/promote' }, demote: { path: '/demote' } };
  const { resource, members } = running({ ...spec, engine: { type: 'HTTP', ...roleCommands } });
  const [first, ...others] = members as [Member, ...Member[]];
  const former = { ...first, health: healthy({ report: report({ state: 'Detached', epoch: 2 }) }) };
  const plain = others.map((member): Member => {
    const { agentPort: _port, leaseMs: _lease, ...rest } = member;
    return rest;
  });
  const record = { ...fencing, to: 'web-1', outcome: 'Promoting' as const };
  const elected = { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2, failovers: [record] };
  const told = (status: object) =>
    decide(
      { ...resource, agentImage: 'operator', status },
      makeObserved([former, ...plain]),
      later,
    ).actions.flatMap((action) =>
      action.type === 'GiveRoleCommand'
        ? [`${action.command.action} ${action.command.member.name}`]
        : [],
    );
  expect(told(elected)).toContain('promote web-1');
  expect(told({ ...elected, fencing: { ...fencing, from: 'web-1' } })).not.toContain(
    'promote web-1',
  );
});
