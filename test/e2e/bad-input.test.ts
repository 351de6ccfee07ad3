import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/api-types.ts';
import { haService, memberTemplate, withHooks } from './manifests.ts';
import { World } from './world.ts';

let world: World;

/** A service that nothing is wrong with: it must not feel its neighbours' troubles. */
const bystander = 'bystander';

beforeAll(async () => {
  world = await World.open('e2e-bad-input');
  await world.apply(haService(bystander));
  await world.settled(bystander);
});
afterAll(() => world.close());

const container = { ...memberTemplate().spec.containers[0] };
const withContainer = (change: Record<string, unknown>) => ({
  template: { spec: { containers: [{ ...container, ...change }] } },
});

/** Degraded tells the reason with these words, and so does an Event. */
async function expectTold(name: string, reason: string, words: RegExp): Promise<void> {
  expect(await world.reason(name, 'Degraded', reason)).toMatch(words);
  expect(await world.event(name, reason)).toMatch(words);
}

describe.concurrent('bad input', () => {
  describe('a YAML that is refused', () => {
    it.each([
      [
        'a minZones above replicas',
        { placement: { zones: { minZones: 5 } } },
        /minZones is greater than replicas; raise replicas or lower minZones/,
      ],
      [
        'a timeout below the interval',
        { heartbeat: { interval: '2s', timeout: '1s' } },
        /timeout must be longer than heartbeat.interval; write for example/,
      ],
      [
        'a topology that there is not',
        { topology: 'ActivePassiv' },
        /supported values: "ActivePassive"/,
      ],
      ['ports without names', { ports: [{ port: 1 }, { port: 2 }] }, /add name: to every entry/],
    ])('tells what is wrong with %s', async (_, spec, words) => {
      await expect(world.apply(haService('refused', { spec }))).rejects.toThrow(words);
    });

    it('names a field that does not exist', async () => {
      await expect(world.apply(haService('refused', { spec: { replcas: 3 } }))).rejects.toThrow(
        /unknown field "spec.replcas"/,
      );
    });
  });

  describe('a template', () => {
    it('that the API server refuses is reported with the words of the API server', async () => {
      await world.apply(haService('bad-template', { spec: withContainer({ image: '' }) }));
      await expectTold('bad-template', 'TemplateRefused', /image: Required value/);
    });

    it('with a misspelt field is refused, and pods are created once it is corrected', async () => {
      const name = 'misspelt';
      await world.apply(haService(name, { spec: withContainer({ imagePullPolcy: 'Never' }) }));
      await expectTold(
        name,
        'TemplateRefused',
        /unknown field "spec.containers\[0\].imagePullPolcy"/,
      );
      await world.apply(haService(name));
      await world.settled(name);
      expect(await world.reason(name, 'Degraded', 'AllHealthy')).toMatch(/3 of 3/);
    });

    it('with an image that cannot be pulled is reported, and a correct image repairs it', async () => {
      const name = 'no-image';
      const image = 'registry.invalid/nothing:1';
      await world.apply(haService(name, { spec: withContainer({ image }) }));
      await expectTold(name, 'ImagePullFailed', /registry\.invalid\/nothing.*correct the image/);
      await world.apply(haService(name));
      await world.settled(name);
    });

    it('whose program ends at once is reported with the command for its log', async () => {
      await world.apply(haService('crashing', { env: { MISBEHAVE: 'nonsense' } }));
      const words = /kubectl logs -p crashing-\d -c member/;
      const tells = (text = '') => words.test(text);
      await world.until('Degraded to name the log', () =>
        tells(world.condition('crashing', 'Degraded')?.message),
      );
      // The kubelet says that the container waits only between two starts, and here starts it again after seconds.
      await world.until('an Event that names the log', () =>
        ['ContainerNotStarting', 'NotHeard']
          .flatMap((reason) => world.notes('crashing', reason))
          .find(tells),
      );
    });
  });

  describe('placement', () => {
    it('over more zones than there are is reported', async () => {
      const placement = { zones: { minZones: 4, whenUnsatisfiable: 'DoNotSchedule' } };
      await world.apply(haService('four-zones', { spec: { replicas: 4, placement } }));
      await expectTold(
        'four-zones',
        'TooFewZones',
        /minZones is 4.*span 3.*add nodes in other zones/,
      );
    });

    it('with a constraint of its own for the zone is spread by that one alone', async () => {
      const name = 'own-spread';
      const template = memberTemplate();
      const constraint = {
        ...{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone' },
        whenUnsatisfiable: 'ScheduleAnyway',
      };
      const spec = { ...template.spec, topologySpreadConstraints: [constraint] };
      await world.apply(haService(name, { spec: { template: { ...template, spec } } }));
      await world.settled(name);
      for (const pod of world.members(name)) {
        expect(pod.spec?.topologySpreadConstraints).toHaveLength(1);
      }
    });

    it('on more nodes than there are leaves the rest serving', async () => {
      const spec = { replicas: 4, placement: { nodes: 'Required' } };
      await world.apply(haService('four-nodes', { spec }));
      await expectTold('four-nodes', 'Unschedulable', /finds no node.*placement.nodes: Preferred/);
      await world.until(
        'the three that fit to serve',
        () => world.behind('four-nodes').length === 1,
      );
    });
  });

  describe('a port', () => {
    it('on which nothing listens is reported', async () => {
      await world.apply(haService('deaf', { env: { LISTEN: 'none' } }));
      await expectTold('deaf', 'NotHeard', /never been heard on port 8080.*check spec.engine.port/);
    });

    it('whose name no container has is reported', async () => {
      const ports = [{ port: 80, targetPort: 'web' }];
      await world.apply(haService('no-port', { spec: { ports } }));
      await expectTold('no-port', 'PortNotFound', /targetPort web is no container port/);
    });
  });

  describe('a promote hook', () => {
    it.each([
      ['answers 500', 'hook-500', /answered 500/],
      ['hangs', 'hook-hang', /took longer than 2s/],
      ['answers 50 MB', 'hook-50mb', /64 KiB/],
    ])('that %s is reported, and works again once it is corrected', async (_, mode, words) => {
      const name = mode;
      const env = { ...withHooks.env, MISBEHAVE: mode };
      await world.apply(haService(name, { ...withHooks, env }));
      expect(await world.event(name, 'PromoteFailed')).toMatch(words);
      for (const { metadata } of world.members(name))
        await world.misbehave(metadata?.name ?? '', 'none');
      const { primary } = await world.settled(name);
      expect(await world.whoami(primary)).toMatchObject({ role: 'primary' });
    });
  });

  describe('names', () => {
    it('of a Service that is somebody else’s stay theirs, and work once they are free', async () => {
      const name = 'taken';
      const theirs = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, labels: { whose: 'theirs' } },
        spec: { ports: [{ port: 1234 }], selector: { app: 'theirs' } },
      } as KubeObject;
      await world.apply(theirs);
      await world.apply(haService(name));
      await expectTold(name, 'ServiceNameConflict', /left alone: rename this HAService, or delete/);
      const kept = world.services.get(world.namespace, name);
      expect(kept?.spec?.selector).toEqual({ app: 'theirs' });
      expect(kept?.spec?.ports?.[0]?.port).toBe(1234);
      await world.kubectl(['delete', 'service', name]);
      await world.settled(name);
    });

    it('that two HAServices need stay with the first', async () => {
      await world.apply(haService('pair'));
      await world.settled('pair');
      const ours = world.services.get(world.namespace, 'pair-read')?.metadata?.uid;
      await world.apply(haService('pair-read'));
      await expectTold(
        'pair-read',
        'ServiceNameConflict',
        /Service pair-read belongs to HAService pair/,
      );
      expect(world.services.get(world.namespace, 'pair-read')?.metadata?.uid).toBe(ours);
      expect(world.behind('pair-read')).toHaveLength(2);
    });

    it('of a pod that is not ours are left alone and get no traffic', async () => {
      const name = 'imposter';
      const stranger: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `${name}-0`,
          namespace: world.namespace,
          labels: { 'haservice.dev/name': name, 'haservice.dev/role': 'primary' },
        },
        spec: memberTemplate().spec,
      };
      const { metadata } = await world.client.create(pods, stranger);
      await world.apply(haService(name));
      await expectTold(name, 'ForeignPod', new RegExp(`pod ${name}-0 .*left alone`));
      const { primary } = await world.until(`${name} to serve`, () => {
        const status = world.status(name);
        return world.behind(name).join() === status.primary && status.readyReplicas === 3 && status;
      });
      expect(primary).not.toBe(`${name}-0`);
      expect(world.behind(`${name}-all`)).not.toContain(`${name}-0`);
      expect(world.pod(`${name}-0`)?.metadata?.uid).toBe(metadata?.uid);
    });
  });
});

it('affects no other resource: the other service did not change', () => {
  expect(world.status(bystander)).toMatchObject({ phase: 'Healthy', ready: '3/3', epoch: 1 });
});
