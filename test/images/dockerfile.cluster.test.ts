import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../cluster/exec.ts';
import { cacheDir, checkout } from '../cluster/paths.ts';
import { buildImages, provideBase } from './build.ts';
import { Buildah } from './buildah.ts';
import { operatorImage, recipes } from './images.ts';
import { writeSources } from './key.ts';
import { npmSecrets } from './npm-secrets.ts';

const log = (line: string) => console.error(line);

test('the whole Dockerfile gives the very image that is built here without installing npm packages', async () => {
  const [quick] = await buildImages({ cacheDir, images: ['operator'], log });
  const dir = mkdtempSync(join(tmpdir(), 'dockerfile-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { signal } = new AbortController();
  const buildah = new Buildah(dir, signal);
  const whole = join(dir, 'whole.tar');

  await Buildah.tidy(async () => {
    const cache = join(cacheDir, 'images');
    const base = await provideBase(buildah, { cache, dir, log, signal });
    const context = join(dir, 'context');
    const recipe = recipes.find(({ ref }) => ref === operatorImage);
    writeSources(context, recipe?.sources(checkout) ?? {});
    copyFileSync(join(checkout, 'package.json'), join(context, 'package.json'));
    const flags = await npmSecrets(context, { root: checkout, signal });
    const dockerfile = join(context, 'Dockerfile');
    await buildah.build({ context, dockerfile, args: { BASE: base }, flags }, operatorImage);
    await buildah.save(operatorImage, whole);
  });

  expect(await imageOf(whole)).toEqual(await imageOf(quick?.archive ?? ''));
});

/** The hashes of the image's settings and layers. */
async function imageOf(archive: string): Promise<unknown> {
  return JSON.parse(await run(['tar', '-xOf', archive, 'manifest.json']));
}
