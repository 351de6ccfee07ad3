import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { removeCgroups } from './cgroups.ts';
import { ClusterError, run } from './exec.ts';
import { linkName, stateDir } from './paths.ts';
import { Sandbox, until } from './sandbox.ts';

/** Removes everything that a cluster of this checkout has left, in whatever state it is. */
export async function cleanUp(): Promise<void> {
  await Sandbox.destroy();
  // The kernel removes the cable with the network of the last process, but a little later.
  if (existsSync(`/sys/class/net/${linkName}`)) {
    await run(['ip', 'link', 'delete', linkName]).catch(() => {});
  }
  let why: unknown;
  const removed = await until(() => {
    try {
      removeCgroups();
      return true;
    } catch (error) {
      // A cgroup is busy until its last process has been reaped.
      why = error;
      return undefined;
    }
  }, 10_000);
  if (removed === undefined) throw new ClusterError(`cannot remove cgroups: ${String(why)}`);
  await rm(stateDir, { recursive: true, force: true, maxRetries: 3 });
}
