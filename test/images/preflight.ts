import { statfsSync } from 'node:fs';
import { has } from '../../scripts/setup/machine.mjs';
import { ClusterError } from '../cluster/exec.ts';

const programs = ['buildah', 'apt-get', 'dpkg-deb', 'npm', 'setpriv', 'unshare', 'tar'];
/** Measured need of a cold build, plus a half. */
const neededBytes = 3e9;

/** @throws ClusterError that says what is missing on this machine to build images in `dir`. */
export function checkMachine(dir: string): void {
  if (process.getuid?.() !== 0) {
    throw new ClusterError('building images needs root: run this as root or with sudo');
  }
  const lacking = programs.filter((name) => !has(name));
  if (lacking.length > 0) {
    throw new ClusterError(`building images needs ${lacking.join(', ')}: install what is missing`);
  }
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < neededBytes) {
    throw new ClusterError(
      `building images needs ${neededBytes / 1e9} GB free in ${dir}: make room, or set XDG_CACHE_HOME to a larger disk`,
    );
  }
}
