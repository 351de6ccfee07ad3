import { Cluster } from '../cluster/cluster.ts';
import { down, up } from '../cluster/lifecycle.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ImageName } from '../images/recipe.ts';
import { Api } from './api.ts';
import {
  type ClientProgram,
  builtInProgram,
  mountedProgram,
  programConfigMap,
} from './client-program.ts';
import { deployOperator } from './deploy.ts';
import { type Fault, clusterFaults, crashByApi } from './faults.ts';
import { removeNamespace } from './objects.ts';
import { operatorPod } from './operator.ts';

/** What demo, benchmark and torture run on: the local cluster, or a cluster of the user. */
export interface Environment {
  api: Api;
  faults: Fault[];
  clientProgram: ClientProgram;
  /** What the client needs in its namespace. */
  clientObjects: KubeObject[];
  /** Node of the operator and the clients: no fault hits it. If undefined, the scheduler places the clients. */
  spared: string | undefined;
  /** Whether the cluster ran before. */
  wasRunning: boolean;
  /** Removes what was created here. */
  remove(): Promise<void>;
}

const removeMs = 180_000;

/** Starts the local cluster with images and operator. A cluster that ran before is left running at the end. */
export async function localEnvironment(options: {
  namespace: string;
  /** Default: those that the tests and the examples need. */
  images?: readonly ImageName[];
  log: (line: string) => void;
  signal: AbortSignal;
}): Promise<Environment> {
  const { namespace, images, log, signal } = options;
  const wasRunning = (await Cluster.find()) !== undefined;
  log(
    wasRunning
      ? 'the local cluster runs already; if its operator is not the one of this checkout, that operator is replaced'
      : 'starting the local cluster',
  );
  const cluster = await up({ log, signal });
  const api = Api.fromFile(cluster.kubeconfig);
  const remove = async () => {
    if (wasRunning) await removeNamespace(api.client, namespace, AbortSignal.timeout(removeMs));
    await api.close();
    if (!wasRunning) await down();
  };
  try {
    await deployOperator(cluster, { images, log, signal });
    signal.throwIfAborted();
    const { node } = await operatorPod(api, signal);
    return {
      api,
      faults: clusterFaults(cluster),
      clientProgram: builtInProgram('docker.io/library/haservice-workload:dev'),
      clientObjects: [],
      spared: node,
      wasRunning,
      remove,
    };
  } catch (error) {
    log(
      wasRunning ? `removing namespace ${namespace}; the cluster goes on` : 'removing the cluster',
    );
    await remove();
    throw error;
  }
}

/** A cluster of the user, with the operator installed. Only `namespace` is changed. */
export async function contextEnvironment(options: {
  context: string;
  clientImage: string;
  namespace: string;
  signal: AbortSignal;
}): Promise<Environment> {
  const { context, clientImage, namespace, signal } = options;
  const api = Api.fromContext(context);
  await operatorPod(api, signal);
  return {
    api,
    faults: [crashByApi(api.client)],
    clientProgram: mountedProgram(clientImage),
    clientObjects: [await programConfigMap(namespace)],
    spared: undefined,
    wasRunning: true,
    remove: async () => {
      await removeNamespace(api.client, namespace, AbortSignal.timeout(removeMs));
      await api.close();
    },
  };
}
