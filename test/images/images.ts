import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../scripts/bundle.ts';
import { ClusterError } from '../cluster/exec.ts';
import { patroni, postgres, redis } from './databases.ts';
import { readSources } from './key.ts';
import type { ImageName, ImageRecipe } from './recipe.ts';

const folder = 'test/images';

/** As manifests/kustomization.yaml names it. */
export const operatorImage = 'docker.io/library/haservice-operator:dev';

const operator: ImageRecipe = {
  name: 'operator',
  ref: operatorImage,
  // Without package.json: its relevant content is in the lock file, and its scripts change often.
  sources: (root) =>
    readSources(root, [
      'Dockerfile',
      '.dockerignore',
      `${folder}/images.ts`,
      'package-lock.json',
      'scripts/bundle.ts',
      'src/**/*.ts',
    ]),
  // The stage that bundles is done here: the npm packages that it would install first, which takes most of the time, are
  // there already. A test compares the result with that of the whole Dockerfile.
  async build({ buildah, root, dir, base }) {
    // How it imports packages depends on the `type` in there.
    copyFileSync(join(root, 'package.json'), join(dir, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
    const stage = join(dir, 'bundle');
    await bundled(join(dir, 'src/main.ts'), join(stage, 'out/operator.mjs'));
    await bundled(join(dir, 'src/agent/main.ts'), join(stage, 'out/agent.mjs'));
    const dockerfile = join(dir, 'Dockerfile');
    const stages = { bundle: stage };
    await buildah.build({ context: dir, dockerfile, stages, args: { BASE: base } }, this.ref);
  },
};

/** @throws ClusterError: who edits the sources can mend what is wrong with them. */
async function bundled(entry: string, outfile: string): Promise<void> {
  try {
    await bundle(entry, outfile);
  } catch (error) {
    throw new ClusterError(error instanceof Error ? error.message : String(error));
  }
}

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
    await bundled(join(dir, 'test/workload/main.ts'), join(context, 'workload.mjs'));
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

/** Images that the tests and the examples need; the others are for the benchmark. */
export const usualImages: readonly ImageName[] = [
  'operator',
  'workload',
  'nginx',
  'redis',
  'postgres',
];
