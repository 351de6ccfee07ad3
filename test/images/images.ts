import { copyFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../scripts/bundle.ts';
import type { Buildah } from './buildah.ts';
import { readSources } from './key.ts';
import { npmSecrets } from './npm-secrets.ts';

export interface BuildContext {
  buildah: Buildah;
  /** The checkout. */
  root: string;
  /** A folder for what the build needs; removed with the store. */
  dir: string;
  /** Tag of the base image. */
  base: string;
  signal: AbortSignal;
}

export interface ImageRecipe {
  /** Names the archive. */
  name: string;
  ref: string;
  /** What it is made from besides the base, by path. */
  sources(root: string): Record<string, Uint8Array>;
  build(context: BuildContext): Promise<void>;
}

const folder = 'test/images';

const operator: ImageRecipe = {
  name: 'operator',
  ref: 'docker.io/library/haservice-operator:dev',
  // Without package.json: what counts of it is in the lock file, and its scripts change often.
  sources: (root) =>
    readSources(root, [
      'Dockerfile',
      '.dockerignore',
      'package-lock.json',
      'scripts/bundle.ts',
      'src/**/*.ts',
    ]),
  async build({ buildah, root, dir, base, signal }) {
    const flags = await npmSecrets(dir, { root, signal });
    const dockerfile = join(root, 'Dockerfile');
    await buildah.build({ context: root, dockerfile, args: { BASE: base }, flags }, this.ref);
  },
};

const workload: ImageRecipe = {
  name: 'workload',
  ref: 'docker.io/library/haservice-workload:dev',
  sources: (root) =>
    readSources(root, [
      'Dockerfile',
      `${folder}/workload.Dockerfile`,
      'scripts/bundle.ts',
      'test/workload/**/*.ts',
    ]),
  async build({ buildah, root, dir, base }) {
    const runtime = 'localhost/runtime:build';
    await buildah.build(
      {
        context: root,
        dockerfile: join(root, 'Dockerfile'),
        target: 'runtime',
        args: { BASE: base },
      },
      runtime,
    );
    const context = mkdtempSync(join(dir, 'workload-'));
    await bundle(join(root, 'test/workload/main.ts'), join(context, 'workload.mjs'));
    const dockerfile = join(root, folder, 'workload.Dockerfile');
    await buildah.build({ context, dockerfile, args: { RUNTIME: runtime } }, this.ref);
  },
};

const nginx: ImageRecipe = {
  name: 'nginx',
  ref: 'docker.io/library/nginx:stable',
  sources: (root) => readSources(root, [`${folder}/nginx.Dockerfile`, `${folder}/nginx.conf`]),
  async build({ buildah, root, dir, base }) {
    const context = mkdtempSync(join(dir, 'nginx-'));
    copyFileSync(join(root, folder, 'nginx.conf'), join(context, 'nginx.conf'));
    const dockerfile = join(root, folder, 'nginx.Dockerfile');
    await buildah.build({ context, dockerfile, args: { BASE: base } }, this.ref);
  },
};

export const recipes: readonly ImageRecipe[] = [operator, workload, nginx];
