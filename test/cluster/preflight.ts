import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ClusterError } from './exec.ts';
import { stateDir } from './paths.ts';

/** Programs that the cluster runs, and the Debian package of each. */
const programs: Record<string, string> = {
  ip: 'iproute2',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  runc: 'runc',
  openssl: 'openssl',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  sysctl: 'procps',
  tar: 'tar',
};
const plugins = '/usr/lib/cni/ptp';
/** Disk space for containers, volumes and etcd. */
const runGb = 3;

export interface Machine {
  platform: NodeJS.Platform;
  /** User ID; undefined if the system has none. */
  uid: number | undefined;
  hasProgram: (name: string) => boolean;
  hasFile: (path: string) => boolean;
}

/** What is wrong with a machine, in one line that says what to do. */
export function complaint({ platform, uid, hasProgram, hasFile }: Machine): string | undefined {
  if (platform !== 'linux') {
    return 'the local cluster needs Linux: use --context with a cluster you have';
  }
  if (uid !== 0) return 'the local cluster needs root for its namespaces: run it with sudo';
  const packages = Object.entries(programs).flatMap(([name, pack]) =>
    hasProgram(name) ? [] : [pack],
  );
  if (!hasFile(plugins)) packages.push('containernetworking-plugins');
  if (packages.length === 0) return undefined;
  return `programs are missing: apt-get install ${[...new Set(packages)].join(' ')}`;
}

/** @throws ClusterError that says in one line what is missing and how to get it. */
export async function preflight(): Promise<void> {
  const path = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const why = complaint({
    platform: process.platform,
    uid: process.getuid?.(),
    hasProgram: (name) => path.some((dir) => existsSync(join(dir, name))),
    hasFile: existsSync,
  });
  if (why !== undefined) throw new ClusterError(why);
  await requireDisk(stateDir, runGb);
}

/** @throws ClusterError if the disk of a folder has less than `gb` gigabytes free. */
export async function requireDisk(dir: string, gb: number): Promise<void> {
  let existing = dir;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = (bavail * bsize) / 1e9;
  if (free >= gb) return;
  throw new ClusterError(
    `too little disk: ${dir} has ${free.toFixed(1)} GB free, ${gb} GB are needed; make room there`,
  );
}
