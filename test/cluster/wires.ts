import { readFile } from 'node:fs/promises';
import { ClusterError } from './exec.ts';
import type { NetworkFaults } from './faults.ts';
import { type ClusterNode, portOf, wireOf } from './layout.ts';
import { inside } from './paths.ts';
import { type Sandbox, until } from './sandbox.ts';

/**
 * Changes the delays. Many kernels lack netem, so a program carries the packets: see go/wire. `applyRules` sets the other faults, at
 * the one moment at which no packet can pass unfiltered.
 */
export async function rewire(
  sandbox: Sandbox,
  nodes: readonly ClusterNode[],
  { before, after }: { before: NetworkFaults['delay']; after: NetworkFaults['delay'] },
  applyRules: () => Promise<unknown>,
): Promise<void> {
  const changed = nodes.filter(({ name }) => before[name] !== after[name]);
  const slow = changed.filter(({ name }) => after[name] !== undefined);
  for (const node of changed) await unplug(sandbox, node);
  for (const node of slow) await start(sandbox, node, after[node.name] ?? 0);
  await applyRules();
  for (const node of slow) await plug(sandbox, node);
}

async function start(sandbox: Sandbox, node: ClusterNode, ms: number): Promise<void> {
  const wire = wireOf(node);
  await sandbox.startDaemon(wire, [`${inside.bin}/wire`, portOf(node), wire, String(ms)]);
  const interfaces = `/proc/${sandbox.initPid}/net/dev`;
  const made = await until(
    async () => ((await readFile(interfaces, 'utf8')).includes(`${wire}:`) ? true : undefined),
    5_000,
  );
  if (made !== undefined) return;
  await sandbox.stopDaemon(wire);
  throw new ClusterError(
    `the delay of ${node.name} does not start: ${await sandbox.lastWords(wire)}`,
  );
}

async function plug(sandbox: Sandbox, node: ClusterNode): Promise<void> {
  const script = `ip link set ${portOf(node)} nomaster
    ip link set ${wireOf(node)} master nodes up`;
  await sandbox.run(['sh', '-ec', script]);
}

/** Does nothing if the node has no delay. */
async function unplug(sandbox: Sandbox, node: ClusterNode): Promise<void> {
  await sandbox.stopDaemon(wireOf(node));
  await sandbox.run(['ip', 'link', 'set', portOf(node), 'master', 'nodes']);
}
