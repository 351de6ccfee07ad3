import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isolatedProgram } from './program.ts';

export interface Build {
  /** Folder of the build's context. */
  context: string;
  dockerfile: string;
  /** The stage of the Dockerfile that is the image. Default: the last one. */
  target?: string;
  args?: Record<string, string>;
  /** Stages that are not built: folders that stand for their results. */
  stages?: Record<string, string>;
  /** Further arguments of `buildah build`. */
  flags?: string[];
}

/**
 * Whatever its flags, buildah records on the machine which layers it has seen. In a mount namespace of its own, a temporary file
 * system takes the place of that folder.
 */
const machineFolder = '/var/lib/containers';
const hideMachine = `mkdir -p ${machineFolder} && mount -t tmpfs none ${machineFolder} && exec "$@"`;

/** buildah with a store of its own below `dir`, so that it neither changes nor uses that of the machine. */
export class Buildah {
  readonly #dir: string;
  readonly #signal: AbortSignal;

  constructor(dir: string, signal: AbortSignal) {
    this.#dir = dir;
    this.#signal = signal;
  }

  /** Runs `work` and removes the empty folder that buildah leaves on the machine. */
  static async tidy(work: () => Promise<void>): Promise<void> {
    const there = existsSync(machineFolder);
    try {
      await work();
    } finally {
      try {
        if (!there) rmdirSync(machineFolder);
      } catch {
        // Already removed, or used by another process.
      }
    }
  }

  /** An image with exactly the files below `folder`. */
  async fromFolder(folder: string, tag: string, env: Record<string, string>): Promise<void> {
    const container = (await this.#run('from', 'scratch')).trim();
    await this.#run('copy', '--quiet', container, folder, '/');
    const flags = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    await this.#run('config', ...flags, container);
    await this.#run('commit', '--quiet', '--rm', container, tag);
  }

  /** Without timestamps, so that the same content gives the same layer, which images share on a node. */
  async build(
    { context, dockerfile, target, args = {}, stages = {}, flags = [] }: Build,
    tag: string,
  ): Promise<void> {
    const settings = (flag: string, values: Record<string, string>) =>
      Object.entries(values).map(([name, value]) => `--${flag}=${name}=${value}`);
    const given = [...settings('build-arg', args), ...settings('build-context', stages)];
    const stage = target === undefined ? [] : [`--target=${target}`];
    const fixed = ['--isolation=chroot', '--timestamp=0', '--pull-never', `--file=${dockerfile}`];
    await this.#run('build', ...fixed, ...stage, ...given, ...flags, `--tag=${tag}`, context);
  }

  /** Loads an archive into the store. */
  async load(archive: string, tag: string): Promise<void> {
    const id = (await this.#run('pull', '--quiet', `docker-archive:${archive}`)).trim();
    await this.#run('tag', id, tag);
  }

  /** Writes the image to a docker-archive, completely or not at all. */
  async save(tag: string, archive: string): Promise<void> {
    const part = join(this.#dir, `${randomUUID()}.tar`);
    await this.#run('push', '--quiet', tag, `docker-archive:${part}:${tag}`);
    renameSync(part, archive);
  }

  async #run(command: string, ...args: string[]): Promise<string> {
    const tmp = join(this.#dir, 'tmp');
    mkdirSync(tmp, { recursive: true });
    const store = ['--root', join(this.#dir, 'store'), '--runroot', join(this.#dir, 'run')];
    const buildah = ['buildah', ...store, '--storage-driver=vfs', command, ...args];
    return isolatedProgram(['sh', '-c', hideMachine, 'sh', ...buildah], {
      signal: this.#signal,
      env: { ...process.env, TMPDIR: tmp },
    });
  }
}
