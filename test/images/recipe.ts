import type { Buildah } from './buildah.ts';
import type { Sources } from './key.ts';

export type ImageName = 'operator' | 'workload' | 'nginx' | 'redis' | 'postgres' | 'patroni';

export interface BuildContext {
  buildah: Buildah;
  /** The checkout. */
  root: string;
  /** Holds the image's sources and further input of the build; removed with the store. */
  dir: string;
  /** Tag of the base image. */
  base: string;
  signal: AbortSignal;
}

export interface ImageRecipe {
  /** Key in the name of the archive. */
  name: ImageName;
  ref: string;
  /** Its sources besides the base, by path. */
  sources(root: string): Sources;
  build(context: BuildContext): Promise<void>;
}
