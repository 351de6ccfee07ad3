import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { setTimeout as sleep } from 'node:timers/promises';
import { haServices } from '../../src/controller/state/resource-type.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type ResourceType, pods, services } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';

export interface Namespace extends KubeObject {
  status?: { phase?: string };
}

export interface Deployment extends KubeObject {
  spec?: { replicas?: number };
  status?: { readyReplicas?: number; updatedReplicas?: number; observedGeneration?: number };
}

const namespaces: ResourceType<Namespace> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
const deployments: ResourceType<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const configMaps: ResourceType<KubeObject> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

const secrets: ResourceType<KubeObject> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

const known: ResourceType<KubeObject>[] = [
  namespaces,
  deployments,
  configMaps,
  secrets,
  pods,
  services,
  haServices,
];

const fieldManager = 'haservice-measure';

/** Applies an object as `kubectl apply --server-side` would. */
export async function apply(
  client: Pick<KubeClient, 'apply'>,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const type = known.find(({ kind }) => kind === object.kind);
  if (type === undefined) throw new Error(`cannot apply a ${object.kind}`);
  await client.apply(type, object, { fieldManager, force: true, signal });
}

/** The first object of a YAML file, in `namespace`. */
export async function readObject(file: URL, namespace: string): Promise<KubeObject> {
  const object = load(await readFile(file, 'utf8')) as KubeObject;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

const ownLabel = 'haservice.dev/measure';

/** Creates an empty namespace. @throws Error if the namespace exists and belongs to somebody else. */
export async function freshNamespace(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await removeNamespace(client, name, signal);
  const metadata = { name, labels: { [ownLabel]: 'true' } };
  await apply(client, { apiVersion: 'v1', kind: 'Namespace', metadata }, signal);
}

/** Deletes a namespace of ours and waits until everything in it is gone. */
export async function removeNamespace(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const found = await find(client, name, signal);
    if (found === undefined) return;
    if (found.metadata?.labels?.[ownLabel] === undefined) {
      throw new Error(
        `namespace ${name} is somebody else's: it is left alone; rename or delete it`,
      );
    }
    const { uid = '', deletionTimestamp } = found.metadata;
    if (deletionTimestamp === undefined) await client.delete(namespaces, { name }, { uid, signal });
    else await sleep(500, undefined, { signal });
  }
}

async function find(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<Namespace | undefined> {
  try {
    return await client.get(namespaces, { name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
