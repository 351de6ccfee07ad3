import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../scripts/bundle.ts';
import { patroni, postgres, redis } from './databases.ts';
import { readSources } from './key.ts';
import { npmSecrets } from './npm-secrets.ts';
import type { ImageName, ImageRecipe } from './recipe.ts';

const folder = 'test/images';

const operator: ImageRecipe = {
  name: 'operator',
  ref: 'docker.io/library/haservice-operator:dev',
  // Without package.json: its relevant content is in the lock file, and its scripts change often.
  sources: (root) =>
    readSources(root, [
      'Dockerfile',
      '.dockerignore',
      'package-lock.json',
      'scripts/bundle.ts',
      'src/**/*.ts',
    ]),
  async build({ buildah, root, dir, base, signal }) {
    copyFileSync(join(root, 'package.json'), join(dir, 'package.json'));
    const flags = await npmSecrets(dir, { root, signal });
    const dockerfile = join(dir, 'Dockerfile');
    await buildah.build({ context: dir, dockerfile, args: { BASE: base }, flags }, this.ref);
  },
};

const workload: ImageRecipe = {
  name: 'workload',
  ref: 'docker.io/library/haservice-workload:dev',
  sources: (root) =>
    readSources(root, [
      'Dockerfile',
      `${folder}/workload.Dockerfile`,
      // Bundled with it.
      'package-lock.json',
      'scripts/bundle.ts',
      'test/workload/**/*.ts',
    ]),
  async build({ buildah, root, dir, base }) {
    const runtime = 'localhost/runtime:build';
    const dockerfile = join(dir, 'Dockerfile');
    await buildah.build(
      { context: dir, dockerfile, target: 'runtime', args: { BASE: base } },
      runtime,
    );
    const context = join(dir, folder);
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
    await bundle(join(dir, 'test/workload/main.ts'), join(context, 'workload.mjs'));
    await buildah.build(
      { context, dockerfile: join(context, 'workload.Dockerfile'), args: { RUNTIME: runtime } },
      this.ref,
    );
  },
};

const nginx: ImageRecipe = {
  name: 'nginx',
  ref: 'docker.io/library/nginx:stable',
  sources: (root) => readSources(root, [`${folder}/nginx.Dockerfile`, `${folder}/nginx.conf`]),
  async build({ buildah, dir, base }) {
    const context = join(dir, folder);
    const dockerfile = join(context, 'nginx.Dockerfile');
    await buildah.build({ context, dockerfile, args: { BASE: base } }, this.ref);
  },
};

export const recipes: readonly ImageRecipe[] = [
  operator,
  workload,
  nginx,
  redis,
  postgres,
  patroni,
];

/** Images that the tests need; the others are for the benchmark. */
export const usualImages: readonly ImageName[] = [
  'operator',
  'workload',
  'nginx',
  'redis',
  'postgres',
];
