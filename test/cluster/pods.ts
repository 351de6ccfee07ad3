import { readFileSync, readdirSync } from 'node:fs';
import { containersOf } from './cgroups.ts';
import { ClusterError } from './exec.ts';
import type { ClusterNode } from './layout.ts';
import { podLogsDir } from './node.ts';

export interface PodRef {
  namespace: string;
  name: string;
}

/** The sandbox's own process keeps the pod's network and is no part of the program. */
function isPause(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'pause';
  } catch {
    return true;
  }
}

/**
 * The machine's numbers of all processes of a pod's containers. Found on disk and in the cgroups: the API server is not
 * asked, so that a fault comes at once and while it is down.
 *
 * @throws ClusterError where no such pod runs.
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
