import { expect, it } from 'vitest';
import type { PodContract } from '../../api/pod-contract.ts';
import { decide } from '../decide.ts';
import type { Action } from '../model/action.ts';
import { contactOf } from '../model/contact.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { dead, healthy, makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { isOutdated } from './pod.ts';
import { recordContracts } from './record-contracts.ts';

/** Pods that an earlier version made: they do not say how they are asked. */
const active = { topology: 'ActiveActive', engine: { type: 'HTTP', http: { path: '/healthz' } } };
const right = running(active);
const edited = (engine: object): Resource => ({
  ...makeResource({ ...active, engine }, right.resource.status),
  generation: 2,
});

const recorded = (resource: Resource, members: Member[], more: Partial<Observed>) => {
  const { actions, requeueAtMs } = recordContracts(resource, makeObserved(members, more), t0);
  const contracts = actions.flatMap((action) =>
    action.type === 'AnnotatePod'
      ? [JSON.parse(action.annotations['haservice.dev/contract'] ?? '') as PodContract]
      : [],
  );
  return { contracts, requeueAtMs };
};
const isRecord = (action: Action) =>
  action.type === 'AnnotatePod' && 'haservice.dev/contract' in action.annotations;
const longAgo = { generationSinceMs: t0 - 31_000 };

it('how the pods of an earlier version are asked is written down as soon as their answers have proved that', () => {
  const contract = { ports: [], probePort: 80, health: active.engine };
  const { contracts } = recorded(right.resource, right.members, longAgo);
  expect(contracts).toEqual([contract, contract, contract]);
  const decision = decide(right.resource, makeObserved(right.members, longAgo), t0);
  expect(decision.actions.filter(isRecord)).toHaveLength(3);

  // Later edits are a rolling update: the members that run are asked as they were made.
  const made = right.members.map((member, i) => ({ ...member, contract: contracts[i]! }));
  expect(recorded(right.resource, made, longAgo).contracts).toEqual([]);
  expect(made.some((member) => isOutdated(right.resource, member))).toBe(false);
  for (const engine of [
    { type: 'HTTP', http: { path: '/wrong' } },
    { ...active.engine, port: 81 },
  ]) {
    const resource = edited(engine);
    expect(contactOf(resource.spec, made[0]!)).toMatchObject({ port: 80, health: active.engine });
    expect(made.every((member) => isOutdated(resource, member))).toBe(true);
  }
});

it('but not while the answers may be to the check of the last spec, or prove nothing', () => {
  const wrong = edited({ type: 'HTTP', http: { path: '/wrong' } });
  const fresh = { generationSinceMs: t0 - 10_000 };
  expect(recorded(wrong, right.members, fresh)).toEqual({
    contracts: [],
    requeueAtMs: t0 + 20_000,
  });
  expect(recorded(wrong, right.members, {}).contracts).toEqual([]);
  for (const change of [
    { health: healthy({ verdict: 'Unhealthy', cause: 'BadAnswer' }) },
    { health: healthy({ verdict: 'Suspect' }) },
    { health: healthy({ sinceWallMs: t0 - 1_000 }) },
    { templateHash: 'old' },
    { isContractBroken: true },
    { agentPort: 8990 },
  ] satisfies Partial<Member>[]) {
    const members = right.members.map((member) => ({ ...member, ...change }));
    expect(recorded(right.resource, members, longAgo).contracts).toEqual([]);
  }
});

it.each([
  [
    'path',
    { type: 'HTTP', http: { path: '/wrong' } },
    healthy({ verdict: 'Unhealthy', cause: 'BadAnswer' }),
  ],
  ['port', { ...active.engine, port: 81 }, dead('Refused', { refusedPort: 81 })],
])(
  'one wrong %s that makes all of them fail their checks before that empties no Service',
  (_what, engine, health) => {
    const members = right.members.map((member) => ({ ...member, health }));
    const uids = members.map(({ uid }) => uid);
    const { actions } = decide(edited(engine), makeObserved(members, { writeEndpoints: uids }), t0);
    const [repoint] = actions.flatMap((action) => (action.type === 'Repoint' ? [action.to] : []));
    expect(repoint).toEqual(uids);
    expect(actions.filter(({ type }) => type === 'DeletePod')).toEqual([]);
    // One that has a contract, and refuses, is dead.
    const known = members.map((member) => ({
      ...member,
      contract: { ports: [], probePort: 81, health: { type: 'HTTP' as const } },
    }));
    const after = decide(edited(engine), makeObserved(known, { writeEndpoints: uids }), t0).actions;
    const [left] = after.flatMap((action) => (action.type === 'Repoint' ? [action.to] : []));
    expect(left).toEqual(health.cause === 'Refused' ? [] : uids);
  },
);
