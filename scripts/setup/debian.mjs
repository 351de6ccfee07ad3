import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { run, tail } from './child.mjs';
import { has } from './machine.mjs';
import { say, Stop } from './stop.mjs';

/**
 * What the cluster, its images, its faults and the tests call, and the Debian package that brings it.
 * @type {{ package: string, there: () => boolean, before?: () => void }[]}
 */
const needed = [
  { package: 'runc', there: () => has('runc') },
  { package: 'containernetworking-plugins', there: () => existsSync('/usr/lib/cni/bridge') },
  { package: 'iptables', there: () => has('iptables') },
  { package: 'nftables', there: () => has('nft') },
  { package: 'conntrack', there: () => has('conntrack') },
  { package: 'iproute2', there: () => has('ip') && has('tc') },
  { package: 'openssl', there: () => has('openssl') },
  { package: 'redis-server', there: () => has('redis-server') },
  { package: 'buildah', there: () => has('buildah') },
  { package: 'gcc', there: () => has('cc') },
  { package: 'libc6-dev', there: () => existsSync('/usr/include/stdlib.h') },
  { package: 'util-linux', there: () => has('nsenter') && has('setpriv') },
  { package: 'procps', there: () => has('sysctl') },
  { package: 'ca-certificates', there: () => existsSync('/etc/ssl/certs/ca-certificates.crt') },
  {
    package: 'postgresql',
    there: () => existsSync('/usr/lib/postgresql'),
    before: withoutCluster,
  },
];

/** The package would make a database and start a server: the tests make their own. */
function withoutCluster() {
  const file = '/etc/postgresql-common/createcluster.conf';
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'create_main_cluster = false\n');
}

/** Installs the Debian packages of the cluster that are missing. Needs root. */
export async function debianPackages(which = (/** @type {string} */ _name) => true) {
  const missing = needed.filter((n) => which(n.package) && !n.there());
  for (const { before } of missing) before?.();
  if (missing.length > 0) await installPackages(missing.map((n) => n.package));
}

/** Databases that unit tests start themselves. */
const servers = ['redis-server', 'postgresql'];

/** Installs the servers of unit tests if that can be done; if there is none, a test says that it is skipped. */
export async function serversOfTests() {
  const missing = needed.filter((n) => servers.includes(n.package) && !n.there());
  if (missing.length === 0 || process.getuid?.() !== 0 || !has('apt-get')) return;
  try {
    await debianPackages((name) => servers.includes(name));
  } catch (error) {
    // Not if the user has stopped it.
    if (!(error instanceof Stop) || error.exitCode !== 1) throw error;
    say(`${error.message}\ntests that need them are skipped`);
  }
}

/** @param {string[]} missing Debian packages. Needs root. */
export async function installPackages(missing) {
  if (!has('apt-get')) {
    throw new Stop(
      `install what these Debian packages bring, this system has no apt-get: ${missing.join(' ')}`,
    );
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  const haveLists = readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  if (haveLists && (await apt('install', ...missing)).code === 0) return;

  // No lists, lists that are too old, or a dpkg that was cut short: put that right, then once more.
  await guarded('dpkg', ['--configure', '-a']);
  const update = await apt('update');
  const install = await apt('install', ...missing);
  if (install.code === 0) return;
  const why = update.code === 0 ? install : update;
  throw new Stop(`apt-get could not install ${missing.join(' ')}:\n${tail(why.output)}`);
}

/**
 * @param {string} verb
 * @param {string[]} packages
 */
function apt(verb, ...packages) {
  const options = [
    '-qq',
    '-y',
    '-o',
    'DPkg::Lock::Timeout=300',
    '-o',
    'Dpkg::Options::=--force-confold',
  ];
  return withoutDaemons(() =>
    guarded('apt-get', [...options, '--no-install-recommends', verb, ...packages]),
  );
}

/** Asked by Debian's packages before they start what they have installed: a database would take the port that it always has. */
const policy = '/usr/sbin/policy-rc.d';
const neverStart =
  '#!/bin/sh\n# While haservice-operator installs packages. It can be removed.\nexit 101\n';

/**
 * @template T
 * @param {() => Promise<T>} install
 */
async function withoutDaemons(install) {
  // One that was left behind, as a run was killed, is ours, too.
  const ours = !existsSync(policy) || readFileSync(policy, 'utf8') === neverStart;
  if (!ours) return install();
  writeFileSync(policy, neverStart);
  chmodSync(policy, 0o755);
  try {
    return await install();
  } finally {
    rmSync(policy, { force: true });
  }
}

/**
 * Runs a program that would leave packages half installed if it were cut short.
 * @param {string} program
 * @param {string[]} args
 */
async function guarded(program, args) {
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    UCF_FORCE_CONFFOLD: '1',
    LC_ALL: 'C.UTF-8',
  };
  const ended = await run(program, args, { env, quiet: true, uninterrupted: true });
  if (ended.stop) throw new Stop('stopped after installing Debian packages', ended.stop);
  return ended;
}
