import { readFile } from 'node:fs/promises';
import { run } from './exec.ts';
import type { ClusterNode } from './layout.ts';
import { volumesOf } from './volumes.ts';

export const corednsImage = 'docker.io/library/coredns:local';

/** Installs the cluster's DNS, the permissions of kube-proxy, and the volumes. */
export async function applyAddons(kubectl: readonly string[], nodes: readonly ClusterNode[]) {
  const yaml = await readFile(new URL('addons.yaml', import.meta.url), 'utf8');
  const volumes = nodes.flatMap(volumesOf).map((volume) => JSON.stringify(volume));
  await run([...kubectl, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: [yaml, ...volumes].join('\n---\n'),
    timeoutMs: 60_000,
  });
}
