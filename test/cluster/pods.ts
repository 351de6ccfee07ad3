import { readFileSync, readdirSync } from 'node:fs';
import { containersOf } from './cgroups.ts';
import { ClusterError } from './exec.ts';
import type { ClusterNode } from './layout.ts';
import { podLogsDir } from './node.ts';

export interface PodRef {
  namespace: string;
  name: string;
}

/** The pause process holds the pod's network and is no part of the program. */
function isPause(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'pause';
  } catch {
    return true;
  }
}

/**
 * The process ids (on the machine) of all processes in a pod's containers. Found on disk and in the cgroups, without the API
 * server: so a fault comes at once, and also while the API server is down.
 *
 * @throws ClusterError if no such pod runs.
 */
export function processesOf(nodes: readonly ClusterNode[], { namespace, name }: PodRef): number[] {
  const found = nodes.flatMap((node) =>
    uidsOf(node, `${namespace}_${name}_`).flatMap((uid) =>
      [...containersOf(node.name, uid).values()].flat(),
    ),
  );
  const pids = found.filter((pid) => !isPause(pid));
  if (pids.length === 0) {
    throw new ClusterError(`no process of pod ${namespace}/${name} runs on any node`);
  }
  return pids;
}

function uidsOf(node: ClusterNode, prefix: string): string[] {
  try {
    return readdirSync(podLogsDir(node)).flatMap((dir) =>
      dir.startsWith(prefix) ? [dir.slice(prefix.length)] : [],
    );
  } catch {
    // Its kubelet has not started a pod yet.
    return [];
  }
}
