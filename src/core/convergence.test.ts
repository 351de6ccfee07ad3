import fc from 'fast-check';
import { expect, it } from 'vitest';
import { roleLabel } from '../api/labels.ts';
import type { Status } from '../api/status.ts';
import type { Decision } from './model/decision.ts';
import { decide } from './decide.ts';
import { Model, rolesOf } from './testing/model.ts';

/** What holds of every single decision, whatever has happened. */
function checkDecision(decision: Decision, model: Model): void {
  const { resource, nowMs } = model;
  const { status, spec } = resource;
  const next = decision.status;
  // Pure, and with nothing that JSON would lose: that would be written again and again.
  expect(decide(resource, model.observe(), nowMs)).toEqual(decision);
  expect(JSON.parse(JSON.stringify(next))).toEqual(next);
  // Not now: that would be a loop without rest.
  expect(decision.requeueAtMs ?? Infinity).toBeGreaterThan(nowMs);
  if (decision.commit !== undefined) {
    expect(decision.actions).toEqual([]);
    expect(next.epoch).toBe((status.epoch ?? 0) + 1);
    expect(spec.paused).toBe(false);
    return;
  }
  expect(next.epoch).toBe(status.epoch);
  if (next.primaryUID !== undefined) expect(next.primaryUID).toBe(status.primaryUID);
  if (spec.paused) expect(decision.actions).toEqual([]);
  for (const action of decision.actions) {
    if (action.type === 'GiveRoleCommand' && action.command.action === 'promote') {
      expect(action.command.member.uid).toBe(status.primaryUID);
      expect(action.command.epoch).toBe(status.epoch);
    }
    if (action.type === 'Repoint' && spec.topology === 'ActivePassive') {
      const service = action.manifest.metadata.labels?.['kubernetes.io/service-name'];
      const endpoints = (action.manifest['endpoints'] ?? []) as { targetRef: { uid: string } }[];
      for (const { targetRef } of service === 'web' ? endpoints : []) {
        // Before the first election the one member stays that is served already.
        expect(targetRef.uid).toBe(status.primaryUID ?? model.slices.get('web')?.join());
      }
    }
    if (action.type === 'DeletePod' && action.removal.member.uid === status.primaryUID) {
      const alone =
        model.pods.filter(({ deletionAtMs }) => deletionAtMs === undefined).length === 1;
      expect(spec.replicas === 0 || alone).toBe(true);
    }
  }
}

/** What holds once it has come to rest, all zones being there and all programs able to run. */
function checkRest(model: Model): void {
  const { resource, pods } = model;
  const { spec, status } = resource;
  const seen = rolesOf(model).join(', ');
  expect(pods, seen).toHaveLength(spec.replicas);
  expect(status.ready).toBe(`${spec.replicas}/${spec.replicas}`);
  expect(status.failovers?.some(({ outcome }) => outcome === 'Promoting') ?? false).toBe(false);
  const perZone = ['a', 'b', 'c'].map((zone) => pods.filter((pod) => pod.zone === zone).length);
  expect(Math.max(...perZone) - Math.min(...perZone), seen).toBeLessThanOrEqual(1);
  const condition = (type: string) => status.conditions?.find((entry) => entry.type === type);
  expect(condition('Progressing')).toMatchObject({ status: 'False', reason: 'Stable' });
  expect(condition('FailoverBlocked')).toMatchObject({ status: 'False' });
  if (spec.replicas === 0) {
    expect(model.slices.get('web')).toEqual([]);
    expect(status.phase).toBe('Stopped');
    return;
  }
  expect(condition('Degraded')).toMatchObject({ status: 'False', reason: 'AllHealthy' });
  expect(status.phase).toBe('Healthy');
  const uids = pods.map(({ uid }) => uid).sort();
  if (spec.topology === 'ActiveActive') {
    expect([...(model.slices.get('web') ?? [])].sort()).toEqual(uids);
    return;
  }
  expect(pods.find(({ name }) => name === status.primary)?.uid).toBe(status.primaryUID);
  expect(model.slices.get('web')).toEqual([status.primaryUID]);
  expect([...(model.slices.get('web-all') ?? [])].sort()).toEqual(uids);
  const primaries = pods.filter(({ labels }) => labels[roleLabel] === 'primary');
  expect(
    primaries.map(({ uid }) => uid),
    seen,
  ).toEqual([status.primaryUID]);
}

type Step = (model: Model) => void;

const pod = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((ticks): Step => (model) => {
    for (let i = 0; i < ticks; i++) model.tick();
  }),
  pod.map(
    (i): Step =>
      (model) =>
        model.become(model.pods[i], 'crashed'),
  ),
  pod.map(
    (i): Step =>
      (model) =>
        model.become(model.pods[i], 'frozen'),
  ),
  pod.map(
    (i): Step =>
      (model) =>
        model.become(model.pods[i], 'unhealthy'),
  ),
  pod.map((i): Step => (model) => {
    if (model.pods[i]?.process !== 'starting') model.become(model.pods[i], 'up');
  }),
  pod.map(
    (i): Step =>
      (model) =>
        model.delete(model.pods[i]),
  ),
  pod.map((i): Step => (model) => {
    const { [i]: edited } = model.pods;
    if (edited !== undefined) edited.labels[roleLabel] = 'primary';
    model.touch();
  }),
  fc.constantFrom('a', 'b', 'c').map((zone): Step => (model) => {
    model.lostZones.add(zone);
    model.touch();
  }),
  fc.constantFrom('a', 'b', 'c').map((zone): Step => (model) => {
    model.lostZones.delete(zone);
    model.touch();
  }),
  fc.nat({ max: 5 }).map((replicas): Step => (model) => {
    model.spec = { replicas };
  }),
  fc.constantFrom('v1', 'v2').map((image): Step => (model) => {
    model.spec = { template: { spec: { containers: [{ name: 'nginx', image }] } } };
  }),
  fc.boolean().map((paused): Step => (model) => {
    model.spec = { paused };
  }),
  fc.constantFrom('ActivePassive', 'ActiveActive').map((topology): Step => (model) => {
    model.spec = { topology };
  }),
  fc.constant<Step>((model) => model.restartOperator()),
  fc.integer({ min: 1, max: 6 }).map((actions): Step => (model) => {
    model.crashAfter = actions;
  }),
  fc.boolean().map((fail): Step => (model) => {
    model.hooksFail = fail;
  }),
  fc
    .constantFrom<(status: Status) => Status>(
      () => ({}),
      (status) => ({ ...status, primary: 'web-9' }),
      (status) => ({ ...status, primaryUID: 'somebody' }),
      (status) => ({ ...status, members: [], conditions: [], ready: '9/9' }),
    )
    .map(
      (edit): Step =>
        (model) =>
          model.editStatus(edit(model.resource.status)),
    ),
  fc.constant<Step>((model) => {
    model.slices.set('web', ['somebody']);
    model.touch();
  }),
);

/** All that was broken is repaired, as far as that is not the operator's to do. */
function repair(model: Model): void {
  model.lostZones.clear();
  model.hooksFail = false;
  model.crashAfter = Infinity;
  // If no member answers, the operator's own network may be the cause: it deletes none then.
  const live = model.pods.filter(({ deletionAtMs }) => deletionAtMs === undefined);
  const allFrozen =
    model.resource.spec.replicas <= 1 || live.every((each) => each.process === 'frozen');
  for (const each of model.pods) {
    if (each.process === 'unhealthy' || allFrozen) model.become(each, 'up');
  }
  model.spec = { paused: false };
}

const roleCommands = { promote: { path: '/promote' }, demote: { path: '/demote' } };

it.each([
  ['without hooks', {}],
  ['with hooks', { engine: { type: 'HTTP', ...roleCommands } }],
])(
  'converges and then stays still, whatever happened before (%s)',
  (_name, spec) => {
    fc.assert(
      fc.property(
        fc.constantFrom('first' as const, 'spread' as const),
        fc.array(step, { maxLength: 25 }),
        (scheduler, steps) => {
          const model = new Model(spec);
          model.scheduler = scheduler;
          model.check = checkDecision;
          for (const apply of steps) {
            apply(model);
            model.tick();
          }
          repair(model);
          expect(model.settle(), rolesOf(model).join(', ')).toBe(true);
          checkRest(model);
          const writes = model.statusWrites;
          expect(model.settle(600_000)).toBe(true);
          expect(model.statusWrites).toBe(writes);
        },
      ),
      { numRuns: 100 },
    );
  },
  60_000,
);

it('says that a hook fails, and does not say it over and over', () => {
  const model = new Model({ engine: { type: 'HTTP', ...roleCommands } });
  model.check = checkDecision;
  model.hooksFail = true;
  expect(model.settle(60_000)).toBe(true);
  const { conditions, epoch } = model.resource.status;
  expect(conditions?.find(({ type }) => type === 'FailoverBlocked')).toMatchObject({
    status: 'True',
    reason: 'PromoteFailed',
  });
  expect(conditions?.find(({ type }) => type === 'Degraded')).toMatchObject({
    status: 'True',
    reason: 'PromoteFailed',
  });
  // Each member was tried once.
  expect(epoch).toBe(3);
});
