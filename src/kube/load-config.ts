import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { HAError } from '../api/errors.ts';

/**
 * Finds the cluster as kubectl does: KUBECONFIG, ~/.kube/config, or the pod's service account.
 *
 * @throws HAError HA_ERR_NO_CLUSTER if there is none, or its file cannot be read.
 */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HAError('HA_ERR_NO_CLUSTER', reason, { cause: error });
  }
  const server = config.getCurrentCluster()?.server;
  // If it finds no configuration, the client invents one without TLS, which it then refuses at every call.
  if (!server?.startsWith('https:')) {
    throw new HAError('HA_ERR_NO_CLUSTER', `the API server is ${server ?? 'not named'}`);
  }
  return config;
}
