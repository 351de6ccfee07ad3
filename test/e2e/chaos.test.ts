import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorAvailable, operatorNamespace, operatorPod } from '../framework/operator.ts';
import { haService } from './manifests.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open('e2e-chaos');
});
afterAll(() => world.close());

const request = (name: string) =>
  world.kubectl([
    ...['annotate', '--overwrite', `haservice/${name}`],
    `haservice.dev/chaos=${new Date().toISOString()}`,
  ]);

const newest = (name: string) => world.status(name).chaos?.history?.[0];

/** The record of an experiment that is asked for now. */
async function experiment(name: string) {
  const before = newest(name)?.id ?? 0;
  await request(name);
  return world.until(`a verdict on an experiment with ${name}`, () => {
    const record = newest(name);
    return record !== undefined && record.id > before ? record : undefined;
  });
}

const chaos = (more: object = {}) => ({ minPodAge: '0s', ...more });
const edit = (name: string, change: object) =>
  world.kubectl([
    ...['patch', `haservice/${name}`, '--type=merge', '-p'],
    JSON.stringify({ spec: { chaos: change } }),
  ]);

describe('a website', () => {
  const name = 'web';
  beforeAll(async () => {
    await world.apply(haService(name, { spec: { chaos: chaos() } }));
    await world.settled(name);
  });

  it.each([
    ['PodKill', { role: 'Standby' }],
    ['PodDelete', { role: 'Primary' }],
    ['Evict', { role: 'Standby' }],
    ['ZoneKill', { role: 'Primary' }],
  ])(
    '%s of %j: another pod has its place, and the service has recovered',
    async (action, target) => {
      const { primary } = await world.settled(name);
      await edit(name, { action, target });
      const before = new Map(
        world.members(name).map(({ metadata }) => [metadata?.name, metadata?.uid]),
      );
      const record = await experiment(name);
      expect(record).toMatchObject({ verdict: 'Passed', action, cause: 'Request' });
      expect(record.recoveryMs).toBeGreaterThan(0);
      const [hit] = record.hits;
      expect(hit?.uid).toBe(before.get(hit?.pod));
      expect(world.members(name).map(({ metadata }) => metadata?.uid)).not.toContain(hit?.uid);
      expect(hit?.pod === primary).toBe(target.role === 'Primary');
      await world.until('the Event', () =>
        world
          .notes(name, 'ExperimentPassed')
          .some((note) => note.includes(`experiment ${record.id},`)),
      );
    },
  );

  it('an eviction that the budget of somebody else forbids is aborted, and nothing is killed', async () => {
    await world.settled(name);
    await world.apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'nobody' },
      spec: { minAvailable: 3, selector: { matchLabels: { 'haservice.dev/name': name } } },
    } as never);
    await edit(name, { action: 'Evict', target: { role: 'Standby' } });
    const before = world.members(name).map(({ metadata }) => metadata?.uid);
    const record = await experiment(name);
    // The operator has a budget of its own for each service.
    expect(record).toMatchObject({ verdict: 'Aborted', reason: 'KillRefused' });
    expect(record.message).toContain('more than one PodDisruptionBudget');
    expect(world.members(name).map(({ metadata }) => metadata?.uid)).toEqual(before);
    await world.kubectl(['delete', 'poddisruptionbudget', 'nobody']);
  });

  it('what cannot be is refused with what can; what is wrong is told, and nothing else stops', async () => {
    await expect(edit(name, { amount: '200%' })).rejects.toThrow(/from 1% to 100%; write 1 or/);
    await edit(name, { schedule: '61 * * * *' });
    expect(await world.reason(name, 'ChaosReady', 'ScheduleInvalid')).toMatch(/61.*minute/);
    await edit(name, { schedule: null, timeZone: 'Europe/Nowhere' });
    expect(await world.reason(name, 'ChaosReady', 'TimeZoneUnknown')).toContain('Europe/Nowhere');
    await edit(name, { timeZone: null, target: { role: null, member: 'web-9' } });
    expect(await world.reason(name, 'ChaosReady', 'NoTarget')).toContain('web-9');
    expect(world.status(name).phase).toBe('Healthy');
    await edit(name, { target: { member: null, role: 'Any' } });
    await world.reason(name, 'ChaosReady', 'OnRequest');
  });

  it('is not hit while its namespace has opted out', async () => {
    await world.kubectl(['label', 'namespace', world.namespace, 'haservice.dev/chaos=disabled']);
    await world.reason(name, 'ChaosReady', 'OptedOut');
    expect(await experiment(name)).toMatchObject({ verdict: 'Refused', reason: 'OptedOut' });
    await world.kubectl(['label', 'namespace', world.namespace, 'haservice.dev/chaos-']);
    await world.reason(name, 'ChaosReady', 'OnRequest');
  });

  it('an operator that is killed during an experiment kills no second member', async () => {
    await edit(name, { action: 'PodKill', target: { role: 'Standby' } });
    for (const afterMs of [0, 40, 120]) {
      await world.settled(name);
      const before = new Set(world.members(name).map(({ metadata }) => metadata?.uid));
      const known = newest(name)?.id ?? 0;
      await request(name);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await killOperator();
      const record = await world.until('a verdict', () => {
        const record = newest(name);
        return record !== undefined && record.id > known ? record : undefined;
      });
      expect(['Passed', 'Unknown', 'Aborted']).toContain(record.verdict);
      await world.settled(name);
      const killed = [...before].filter(
        (each) => !world.members(name).some(({ metadata }) => metadata?.uid === each),
      );
      const hits = record.hits.map((hit) => hit.uid);
      expect(hits).toEqual(expect.arrayContaining(killed));
      expect(killed).toHaveLength(record.verdict === 'Aborted' ? 0 : 1);
      await operatorAvailable(world.cluster);
    }
  });
});

/** Its pod, too: the same pod would be restarted with a growing backoff. */
async function killOperator(): Promise<void> {
  const { name } = await operatorPod(world.api, AbortSignal.timeout(10_000));
  await world.cluster.killContainer({ namespace: operatorNamespace, name });
  await world.cluster.runKubectl([
    ...['delete', 'pod', name, '--namespace', operatorNamespace, '--wait=false'],
  ]);
}
