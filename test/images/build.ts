import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../scripts/setup/lock.mjs';
import { checkout } from '../cluster/paths.ts';
import { prune, use } from './archives.ts';
import { baseSources, makeBase } from './base.ts';
import { Buildah } from './buildah.ts';
import { recipes, usualImages } from './images.ts';
import { type Sources, contentKey, writeSources } from './key.ts';
import { checkMachine } from './preflight.ts';
import type { ImageName, ImageRecipe } from './recipe.ts';

export interface BuiltImage {
  /** Name by which pods refer to it. */
  ref: string;
  /** A docker-archive. */
  archive: string;
  /** Size of the archive: that of the image's files, uncompressed. */
  bytes: number;
}

export interface BuildOptions {
  /** Stores images that were built before, by content. Checkouts may share it. */
  cacheDir: string;
  /** Default: those that the tests need. */
  images?: readonly ImageName[];
  log: (line: string) => void;
  signal?: AbortSignal;
}

interface Job {
  recipe: ImageRecipe;
  /** Sources as they were when the archive was named: they may be edited during the build. */
  sources: Sources;
  archive: string;
}

const baseTag = 'localhost/base:build';

/**
 * Builds the images of the local cluster with buildah, except those in the cache. A build that is aborted or killed leaves nothing
 * that would disturb a later one.
 *
 * @throws ClusterError if the machine lacks something or a step fails; the signal's reason if the signal ended it.
 */
export async function buildImages(options: BuildOptions): Promise<BuiltImage[]> {
  const { cacheDir, images = usualImages, log, signal = new AbortController().signal } = options;
  const dir = join(cacheDir, 'images');
  mkdirSync(dir, { recursive: true });
  const base = baseSources(checkout);
  const wanted = recipes.filter(({ name }) => images.includes(name));
  const jobs = wanted.map((recipe): Job => {
    const sources = recipe.sources(checkout);
    const key = contentKey({ ...base, ...sources });
    return { recipe, sources, archive: join(dir, `${recipe.name}-${key}.tar`) };
  });
  const missing = () => jobs.filter(({ archive }) => !use(archive));
  if (missing().length > 0) {
    await locked(join(dir, 'lock'), log, signal, async () => {
      // Left over from a killed build.
      removeBuilds(dir);
      const todo = missing();
      if (todo.length === 0) return;
      checkMachine(dir);
      try {
        await Buildah.tidy(() => buildAll(dir, todo, log, signal));
      } finally {
        removeBuilds(dir);
      }
      for (const name of ['base', ...recipes.map((recipe) => recipe.name)]) prune(dir, name);
    });
  }
  return jobs.map(({ recipe: { ref }, archive }) => {
    return { ref, archive, bytes: statSync(archive).size };
  });
}

async function buildAll(
  cache: string,
  jobs: Job[],
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const dir = mkdtempSync(join(cache, 'build-'));
  const buildah = new Buildah(dir, signal);
  const base = await provideBase(buildah, { cache, dir, log, signal });
  for (const { recipe, sources, archive } of jobs) {
    await step(`image ${recipe.ref}`, log, async () => {
      const context = join(dir, recipe.name);
      writeSources(context, sources);
      await recipe.build({ buildah, root: checkout, dir: context, base, signal });
      await buildah.save(recipe.ref, archive);
    });
  }
}

export interface BaseOptions {
  /** Folder that holds the archive of the base, or is given it. */
  cache: string;
  /** Folder of the build. */
  dir: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Loads the base image of all others into the store: from the cache, or newly built. @returns its tag. */
export async function provideBase(buildah: Buildah, options: BaseOptions): Promise<string> {
  const { cache, dir, log, signal } = options;
  const archive = join(cache, `base-${contentKey(baseSources(checkout))}.tar`);
  if (use(archive)) {
    await buildah.load(archive, baseTag);
  } else {
    await step('the base of all images from Debian packages and npm', log, async () => {
      await makeBase(buildah, dir, baseTag, signal);
      await buildah.save(baseTag, archive);
    });
  }
  return baseTag;
}

async function step(what: string, log: (line: string) => void, work: () => Promise<void>) {
  log(`building ${what}`);
  const start = performance.now();
  await work();
  log(`built ${what} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** One build at a time per cache. The signal also ends the waiting. */
async function locked(
  file: string,
  log: (line: string) => void,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const waiting = Promise.withResolvers<never>();
  const abort = () => waiting.reject(signal.reason as Error);
  signal.addEventListener('abort', abort);
  const onWait = (pid: number) => log(`waiting for process ${pid}, which is building images`);
  try {
    const done = withLock(file, onWait, async () => {
      signal.throwIfAborted();
      // From here on the work itself reacts to the signal, and cleans up first.
      signal.removeEventListener('abort', abort);
      await work();
    });
    // If the waiting was aborted, its later outcome does not matter.
    done.catch(() => {});
    await Promise.race([done, waiting.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function removeBuilds(dir: string): void {
  for (const name of readdirSync(dir).filter((each) => each.startsWith('build-'))) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}
