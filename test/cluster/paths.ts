import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout to which this cluster belongs: each has a cluster of its own. */
export const checkout = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));

/** Distinguishes the cluster of this checkout from others on the machine. */
export const clusterId = createHash('sha256').update(checkout).digest('hex').slice(0, 6);

/** All files of the running cluster. Its own processes have them at `inside`. */
export const stateDir = join(checkout, '.cluster');

/** Built binaries and images, by content; shared by all checkouts. */
export const cacheDir = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'haservice',
);

/** Path of the state and the binaries for the cluster's processes: short, as that of a socket may have 107 bytes at most. */
export const inside = { state: '/run/cluster/state', bin: '/run/cluster/bin' };

/** Name of the cluster's cgroup in each hierarchy, of its link to the machine, and the mark of its process 1. */
export const cgroupName = `haservice-${clusterId}`;
export const linkName = `ha-${clusterId}`;
export const initMark = `haservice-cluster-${clusterId}`;
