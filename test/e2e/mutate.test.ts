import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { builtInProgram } from '../framework/client-program.ts';
import { removeNamespace } from '../framework/objects.ts';
import { operatorPod } from '../framework/operator.ts';
import { chosenFields, specFields } from '../mutate/generate/fields.ts';
import { mutate } from '../mutate/mutate.ts';
import type { SubjectName } from '../mutate/subjects.ts';
import { workloadImage } from './manifests.ts';

const namespace = 'e2e-mutate';
const seed = 4_711;
const mutateMs = 170_000;

let api: Api;
beforeAll(async () => {
  api = Api.fromFile((await Cluster.open()).kubeconfig);
});
afterAll(async () => {
  await removeNamespace(api.client, namespace, AbortSignal.timeout(60_000));
  await api.close();
});

/** @param most values that may apply: each may take a rolling update, there and back */
async function mutated(service: SubjectName, fields: string[], most: number) {
  const signal = AbortSignal.timeout(mutateMs);
  const lines: string[] = [];
  const { report, error } = await mutate({
    environment: {
      api,
      clientProgram: builtInProgram(workloadImage),
      clientObjects: [],
      spared: (await operatorPod(api, signal)).node,
    },
    ...{ namespace, services: [service], seed, most, signal },
    fields: chosenFields(specFields(), fields),
    log: (line) => lines.push(line),
  });
  if (error !== undefined) throw new Error(lines.join('\n'), { cause: error });
  expect(report.problems, lines.join('\n')).toEqual([]);
  return report;
}

it('a website refuses invalid values, and takes valid ones and goes back', async () => {
  const fields = [
    ...['spec.ports', 'spec.replicas', 'spec.services.write', 'spec.template', 'spec.inherit'],
    ...['spec.engine.http', 'spec.placement', 'spec.chaos.amount', 'spec.paused'],
  ];
  const report = await mutated('web', fields, 8);
  expect(report.applied).toBeGreaterThan(3);
  expect(report.refused).toBeGreaterThan(200);
});

it('Redis takes what changes no pod at once, under writes', async () => {
  const fields = ['spec.heartbeat', 'spec.failover', 'spec.services', 'spec.placement'];
  const report = await mutated('redis', fields, 6);
  expect(report.applied).toBeGreaterThan(2);
});
