import { afterAll, beforeAll, expect, it } from 'vitest';
import { haServices } from '../../src/controller/state/resource-type.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { removeNamespace } from '../framework/objects.ts';
import type { FaultName } from '../torture/nemesis/fault-names.ts';
import { planRun } from '../torture/nemesis/plan.ts';
import { reportOf } from '../torture/report/report.ts';
import { serviceName } from '../torture/target/engines.ts';
import { torture } from '../torture/torture.ts';

const namespace = 'e2e-torture';
const target = { engine: 'redis', consistency: 'Strong' } as const;
/**
 * Those that leave the replaced primary alive, each in another way, and some of ordinary days. By these seeds they come singly and in
 * pairs of one of each kind, and the service is scaled to 0.
 */
const faults: FaultName[] = [
  ...(['freeze', 'cut-out', 'cut-operator'] as const),
  ...(['scale', 'drain', 'restart-operator', 'slow-copy'] as const),
];
const seed = 82_743;
const runs = 5;

let api: Api;
beforeAll(async () => {
  api = Api.fromFile((await Cluster.open()).kubeconfig);
});
afterAll(async () => {
  await removeNamespace(api.client, namespace, AbortSignal.timeout(60_000));
  await api.close();
});

it('Redis loses no acknowledged write and has no two primaries under the faults of these seeds', async () => {
  const { results, report } = await attack(faults, runs);
  // All that was planned has happened, and it was no child's play.
  const planned = results.map((_, i) => planRun(seed + i, faults).map(({ fault }) => fault));
  expect(results.map((result) => result.faults)).toEqual(planned);
  expect(new Set(planned.flat())).toEqual(new Set(faults));
  const { status } = await api.client.get(haServices, { namespace, name: serviceName });
  expect(status?.failovers?.length).toBeGreaterThan(0);
  expect(report.experiments).toEqual({});
});

it('Redis loses no acknowledged write and has no two primaries while the operator kills its members on request', async () => {
  const { report } = await attack(['experiment'], 4);
  expect(report.experiments).toEqual({ Passed: 4 });
});

it('Redis takes over a changed password under writes, and refuses the former one', async () => {
  const { results } = await attack(['rotate-secret'], 2);
  expect(results.map((result) => result.faults)).toEqual([['rotate-secret'], ['rotate-secret']]);
});

async function attack(names: FaultName[], count: number) {
  const lines: string[] = [];
  const { results, error } = await torture({
    ...{ target, api, namespace, faults: names, runs: count, seed, histories: undefined },
    ...{ signal: new AbortController().signal, isEnough: () => false },
    log: (line) => lines.push(line),
  });
  if (error !== undefined) throw error;
  const { failing, ...report } = reportOf(results, { ...target, seed });
  expect(failing, lines.join('\n')).toEqual([]);
  expect(report).toMatchObject({ runs: count, lost: 0, dualPrimary: 0, notConverged: 0 });
  expect(report.acknowledged).toBeGreaterThan(0);
  return { results, report };
}
