import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Stop } from './stop.mjs';

/** Where administrators' programs and Go are found even when PATH does not say so, as after a plain `su`. */
const morePath = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin'];

export function extendPath() {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  process.env['PATH'] = [...path, ...morePath.filter((dir) => !path.includes(dir))].join(delimiter);
}

/**
 * @param {string} program
 * @returns whether it is on the PATH
 */
export function has(program) {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function linux() {
  const here = `${process.platform}/${process.arch}`;
  if (!['linux/x64', 'linux/arm64'].includes(here)) {
    throw new Stop(`the local cluster needs Linux on x64 or arm64, this is ${here}`);
  }
}

/** @param {string} command as the user typed it */
export function root(command) {
  if (process.getuid?.() !== 0) {
    throw new Stop(
      `${command} needs root, for network namespaces and containers: run it as root, or with sudo -E`,
    );
  }
}

/** The cold build of the cluster's programs was measured at 4 GB of Go caches; images, volumes and logs come on top. */
const firstBuildBytes = 12e9;

/** Room for the cluster's first build; later ones find it done. */
export function disk() {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'haservice');
  if (existsSync(cache) && readdirSync(cache).some((name) => name.startsWith('cluster-'))) return;
  let dir = cache;
  while (!existsSync(dir)) dir = dirname(dir);
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  if (free >= firstBuildBytes) return;
  const gb = (/** @type {number} */ bytes) => (bytes / 1e9).toFixed(1);
  throw new Stop(
    `the first build needs ${gb(firstBuildBytes)} GB free at ${dir}, there are ${gb(free)}: ` +
      'free some, or set XDG_CACHE_HOME to a folder on a larger disk',
  );
}

/** The Go that the Kubernetes modules ask for. */
export function go() {
  const wanted = 'install Go 1.26 or later and put it on the PATH';
  let text;
  try {
    text = execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', timeout: 30_000 }).trim();
  } catch {
    throw new Stop(`the local cluster is built with Go, and there is none: ${wanted}`);
  }
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(text) ?? [];
  if (Number(major) > 1 || Number(minor) >= 26) return;
  throw new Stop(`the local cluster is built with Go 1.26 or later, this is ${text}: ${wanted}`);
}
