import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ClusterError } from './exec.ts';
import { cacheDir, stateDir } from './paths.ts';

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
  sysctl: 'procps',
  tar: 'tar',
};
const plugins = '/usr/lib/cni/ptp';
/** Sources, build cache, binaries and images of a first start; then what containers and etcd take. */
const buildGb = 10;
const runGb = 3;

const path = () => [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const has = (program: string) => path().some((dir) => existsSync(join(dir, program)));

async function freeGb(dir: string): Promise<number> {
  await mkdir(dir, { recursive: true });
  const { bavail, bsize } = await statfs(dir);
  return (bavail * bsize) / 1e9;
}

/** @throws ClusterError that says in one line what is missing and how to get it. */
export async function preflight(): Promise<void> {
  if (process.platform !== 'linux') {
    throw new ClusterError('the local cluster needs Linux: use --context with a cluster you have');
  }
  if (process.getuid?.() !== 0) {
    throw new ClusterError('the local cluster needs root for its namespaces: run it with sudo');
  }
  const packages = Object.entries(programs).flatMap(([name, pack]) => (has(name) ? [] : [pack]));
  if (!existsSync(plugins)) packages.push('containernetworking-plugins');
  if (packages.length > 0) {
    const list = [...new Set(packages)].join(' ');
    throw new ClusterError(`programs are missing: apt-get install ${list}`);
  }
  const built = existsSync(cacheDir);
  for (const [dir, need] of [
    [cacheDir, built ? 1 : buildGb],
    [stateDir, runGb],
  ] as const) {
    const free = await freeGb(dir);
    if (free < need) {
      throw new ClusterError(
        `too little disk: ${dir} has ${free.toFixed(1)} GB free, ${need} GB are needed; make room or set XDG_CACHE_HOME`,
      );
    }
  }
}
