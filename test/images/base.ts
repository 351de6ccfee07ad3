import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Buildah } from './buildah.ts';
import { unpackDebian } from './debian.ts';
import { readSources } from './key.ts';
import { program } from './program.ts';

/** Programs that the Dockerfiles call, and nginx for its image. */
const packages = ['dash', 'coreutils', 'grep', 'binutils', 'libstdc++6', 'libatomic1', 'nginx'];
const npmVersion = '11.21.2';

/** Parts of the base, for the keys of all images that are built on it. Updates of Debian do not count. */
export function baseSources(root: string): Record<string, string | Uint8Array> {
  return {
    ...readSources(root, ['test/images/base.ts', 'test/images/debian.ts']),
    debian: readFileSync('/etc/os-release', 'utf8'),
    node: process.version,
    arch: process.arch,
  };
}

/**
 * Creates the base of all other images, which is small: programs from Debian, npm, and the Node that runs this script. It replaces
 * `node:26` if no container registry can be reached.
 */
export async function makeBase(buildah: Buildah, dir: string, tag: string, signal: AbortSignal) {
  const work = mkdtempSync(join(dir, 'base-'));
  const root = join(work, 'root');
  await unpackDebian(packages, root, work, signal);
  const bin = join(root, 'usr/local/bin');
  const modules = join(root, 'usr/local/lib/node_modules');
  for (const folder of [bin, modules, join(root, 'root'), join(root, 'tmp')]) {
    mkdirSync(folder, { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(process.execPath, join(bin, 'node'));
  await program(['npm', 'pack', `npm@${npmVersion}`, '--silent', '--pack-destination', work], {
    signal,
  });
  const unpack = ['--extract', '--no-same-owner', '--transform=s/^package/npm/'];
  const file = join(work, `npm-${npmVersion}.tgz`);
  await program(['tar', ...unpack, '--directory', modules, '--file', file], { signal });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
  await buildah.fromFolder(root, tag, { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' });
}
