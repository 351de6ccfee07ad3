import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupName } from './paths.ts';

const top = '/sys/fs/cgroup';

/** Whether the machine has the unified hierarchy (cgroup v2) with its controllers. */
const unified = () =>
  existsSync(`${top}/cgroup.controllers`) &&
  readFileSync(`${top}/cgroup.controllers`, 'utf8').includes('cpu');

/** The hierarchies that hold the cluster's cgroups. */
function hierarchies(): string[] {
  if (unified()) return [top];
  return readdirSync(top)
    .filter((name) => name !== 'unified')
    .map((name) => join(top, name))
    .filter((dir) => existsSync(join(dir, 'tasks')));
}

/** Enables on each level what its children need: by hand, in both versions. */
function prepare(dir: string, parent: string): void {
  if (unified()) {
    // All controllers: a kubelet does not recognize a cgroup that lacks one.
    for (const name of readFileSync(join(parent, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
      writeFileSync(join(parent, 'cgroup.subtree_control'), `+${name}`);
    }
  } else if (existsSync(join(dir, 'cpuset.cpus'))) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      writeFileSync(join(dir, file), readFileSync(join(parent, file)));
    }
  }
}

/** A cgroup of its own for each node, in every hierarchy. Kubelets that share one kill each other's pods as orphans. */
export async function createNodeCgroups(node: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    const cluster = join(hierarchy, cgroupName);
    await mkdir(join(cluster, node), { recursive: true });
    prepare(cluster, hierarchy);
    prepare(join(cluster, node), cluster);
  }
}

/** Path of a node's cgroup, for its kubelet. */
export const nodeCgroup = (node: string) => `/${cgroupName}/${node}`;

/**
 * Removes the cluster's cgroups, which hold no processes by now. In every folder: runc also creates one in the unified hierarchy,
 * if that is mounted beside the others.
 */
export function removeCgroups(): void {
  const mounted = readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const dir of [top, ...mounted.map(({ name }) => join(top, name))]) {
    removeTree(join(dir, cgroupName));
  }
}

function removeTree(dir: string): void {
  if (!existsSync(dir)) return;
  for (const name of childrenOf(dir)) removeTree(join(dir, name));
  rmdirSync(dir);
}

/**
 * The processes of each container of a pod, by container ID; the numbers are those of the machine. The kubelet removes the groups of
 * other pods at the same time: a group that is gone has no processes.
 */
export function containersOf(node: string, podUid: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const hierarchy = hierarchies().find((dir) => dir.endsWith('/pids')) ?? top;
  const search = (dir: string, inPod: boolean): void => {
    for (const name of childrenOf(dir)) {
      const path = join(dir, name);
      if (inPod) {
        found.set(name, readPids(path));
      } else {
        search(path, name === `pod${podUid}`);
      }
    }
  };
  search(join(hierarchy, cgroupName, node), false);
  return found;
}

function readPids(dir: string): number[] {
  const own = ifThere(() => readFileSync(join(dir, 'cgroup.procs'), 'utf8'), '');
  const below = childrenOf(dir).flatMap((name) => readPids(join(dir, name)));
  return [...own.split('\n').filter(Boolean).map(Number), ...below];
}

const childrenOf = (dir: string): string[] =>
  ifThere(() => readdirSync(dir, { withFileTypes: true }), [])
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

function ifThere<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    // The kernel answers ENODEV if a group is removed while its file is open.
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ENODEV'].includes(String(error.code))
    )
      return otherwise;
    throw error;
  }
}
