import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from './exec.ts';
import type { ClusterNode } from './layout.ts';
import { inside, stateDir } from './paths.ts';
import type { Sandbox } from './sandbox.ts';

const perNode = 10;
const numbers = Array.from({ length: perNode }, (_, i) => i + 1);
const root = `${inside.state}/volumes`;
const nameOf = (node: ClusterNode, n: number) => `${node.name}-${n}`;
const folderOf = (node: ClusterNode, n: number) => join(stateDir, 'volumes', node.name, String(n));

export async function createVolumes(node: ClusterNode): Promise<void> {
  for (const n of numbers) {
    const dir = folderOf(node, n);
    await mkdir(dir, { recursive: true });
    // For every user that a pod may run as, whatever the umask is.
    await chmod(dir, 0o777);
  }
}

/** Deletes everything on a volume, whoever uses it. @throws ClusterError if there is no such volume. */
export async function emptyVolume(nodes: readonly ClusterNode[], name: string): Promise<void> {
  const folders = nodes.flatMap((node) =>
    numbers.flatMap((n) => (nameOf(node, n) === name ? [folderOf(node, n)] : [])),
  );
  const [folder] = folders;
  if (folder === undefined) throw new ClusterError(`there is no volume ${name}`);
  for (const entry of await readdir(folder)) {
    await rm(join(folder, entry), { recursive: true, force: true });
  }
}

/** The objects that offer a node's folders to pods. */
export const volumesOf = (node: ClusterNode) =>
  numbers.map((n) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: nameOf(node, n) },
    spec: {
      storageClassName: 'local',
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: `${root}/${node.name}/${n}` },
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

/**
 * Empties each volume whose claim was deleted and offers it again: Kubernetes leaves that to an administrator. It waits on a watch,
 * so that it sends no requests while no claim is deleted.
 */
const recycle = `
kubectl() { '${inside.bin}/kubectl' --kubeconfig=${inside.state}/kubeconfig/volumes --cache-dir=/run/kubectl "$@"; }
claim='{.status.phase} {.spec.claimRef.uid}'
free='[{"op": "remove", "path": "/spec/claimRef"}]'
while :; do
  kubectl get persistentvolumes --watch --output jsonpath='{.metadata.name} {.spec.local.path} '"$claim"'{"\\n"}' |
    while read -r name path was; do
      case "$path $was" in
        '${root}/'*' Released '?*)
          # The event may be late, and the volume may belong to another claim by now.
          is=$(kubectl get persistentvolume "$name" --output jsonpath="$claim")
          [ "$is" = "$was" ] || continue
          find "$path" -mindepth 1 -delete
          kubectl patch persistentvolume "$name" --type json --patch "$free"
      esac
    done
  # The watch has ended: at its time, or with the API server.
  sleep 3
done`;

export const startRecycler = (sandbox: Sandbox) =>
  sandbox.startDaemon('volumes', ['sh', '-c', recycle]);
