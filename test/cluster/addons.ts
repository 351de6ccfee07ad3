import { readFile } from 'node:fs/promises';
import { run } from './exec.ts';
import type { ClusterNode } from './layout.ts';
import { volumePath, volumesPerNode } from './node.ts';

export const corednsImage = 'docker.io/library/coredns:local';

const volumesOf = (node: ClusterNode) =>
  Array.from({ length: volumesPerNode }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${node.name}-${i + 1}` },
    spec: {
      storageClassName: 'local',
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: volumePath(node, i + 1) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'kubernetes.io/hostname', operator: 'In', values: [node.name] },
              ],
            },
          ],
        },
      },
    },
  }));

/** Installs the cluster's DNS, kube-proxy's rights and the volumes. */
export async function applyAddons(kubectl: readonly string[], nodes: readonly ClusterNode[]) {
  const yaml = await readFile(new URL('addons.yaml', import.meta.url), 'utf8');
  const volumes = nodes.flatMap(volumesOf).map((volume) => JSON.stringify(volume));
  await run([...kubectl, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: [yaml, ...volumes].join('\n---\n'),
    timeoutMs: 60_000,
  });
}
