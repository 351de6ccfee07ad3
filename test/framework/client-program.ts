import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../scripts/bundle.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';

/** What a pod's spec needs to run a program of test/workload with these arguments, the first of which is its name. */
export type ClientProgram = (
  args: string[],
  env?: object[],
) => { containers: object[]; volumes?: object[] };

const container = (image: string, env: object[]) => ({
  name: 'client',
  env,
  image,
  imagePullPolicy: 'IfNotPresent',
  // What it measures must not be its own waiting for a processor.
  resources: { requests: { cpu: '500m' } },
});

/** The client in the image of test/workload. */
export const builtInProgram =
  (image: string): ClientProgram =>
  (args, env = []) => ({ containers: [{ ...container(image, env), args }] });

const configMapName = 'client-program';
const file = 'workload.mjs';

/** The client in any image that has `node`: the program comes from a ConfigMap. */
export const mountedProgram =
  (image: string): ClientProgram =>
  (args, env = []) => ({
    containers: [
      {
        ...container(image, env),
        command: ['node', `/program/${file}`, ...args],
        volumeMounts: [{ name: 'program', mountPath: '/program' }],
      },
    ],
    volumes: [{ name: 'program', configMap: { name: configMapName } }],
  });

/** The ConfigMap that `mountedProgram` needs. */
export async function programConfigMap(namespace: string): Promise<KubeObject> {
  const entry = fileURLToPath(new URL('../workload/main.ts', import.meta.url));
  const dir = await mkdtemp(join(tmpdir(), 'haservice-client-'));
  try {
    await bundle(entry, join(dir, file));
    const data = { [file]: await readFile(join(dir, file), 'utf8') };
    const metadata = { name: configMapName, namespace };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as KubeObject;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
