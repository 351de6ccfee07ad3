import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebian } from './debian.ts';
import type { BuildContext, ImageName, ImageRecipe } from './recipe.ts';
import { readSources } from './key.ts';
import { pick } from './pick.ts';

/** A layer of files from Debian packages, and the Dockerfile that sets it up. */
interface Layer<Name extends string = ImageName> {
  name: Name;
  packages: readonly string[];
  patterns: readonly string[];
  without?: readonly string[];
}

const tools =
  'basename cat chgrp chmod chown cp cut date dd df dirname du echo env expr false head id install ln ls md5sum ' +
  'mkdir mkfifo mktemp mv nproc od printf pwd readlink realpath rm rmdir seq sha256sum sleep sort stat sync tail tee ' +
  'test timeout touch tr true truncate uname uniq wc whoami';

/** Common layer of all databases: a shell, its tools, and text in UTF-8. */
const slim: Layer<'slim'> = {
  name: 'slim',
  packages: ['dash', 'coreutils', 'grep', 'sed', 'libc-bin'],
  patterns: [
    `{bin,usr/bin}/{${tools.replaceAll(' ', ',')},grep,locale,sed}`,
    'bin/{sh,dash}',
    'usr/lib/locale/C.utf8',
  ],
};

const redisLayer: Layer = {
  name: 'redis',
  packages: ['redis-server', 'redis-sentinel', 'redis-tools'],
  patterns: ['usr/bin/redis-*'],
};

const postgresLayer: Layer = {
  name: 'postgres',
  packages: ['postgresql-15', 'tzdata'],
  patterns: ['usr/lib/postgresql/15', 'usr/share/postgresql/15', 'usr/share/zoneinfo'],
  without: [
    // The server works without its JIT compiler, which is three times as large as the server.
    'usr/lib/postgresql/15/lib/{bitcode,llvmjit*}',
    'usr/share/postgresql/15/man',
    'usr/share/zoneinfo/{right,posix,localtime}',
  ],
};

const patroniLayer: Layer = {
  name: 'patroni',
  packages: ['patroni', 'python3'],
  patterns: ['usr/bin/{patroni,patronictl,python3*}', 'usr/lib/python3*'],
  without: ['usr/lib/python3*/{test,idlelib,lib2to3,pydoc_data,turtledemo,ensurepip,tkinter}'],
};

const folder = 'test/images';

/** Each layer is an image of its own, and the last one is the result: nodes store shared layers once. */
const recipe = (ref: string, layers: readonly [Layer, ...Layer[]]): ImageRecipe => {
  const all = [slim, ...layers];
  const { name } = layers.at(-1) ?? layers[0];
  const dockerfile = ({ name }: Layer<string>) => `${folder}/${name}.Dockerfile`;
  return {
    name,
    ref,
    sources: (root) =>
      readSources(root, [`${folder}/{databases,pick,debian}.ts`, ...all.map(dockerfile)]),
    async build({ buildah, dir, signal }: BuildContext) {
      const root = join(dir, 'root');
      const work = mkdtempSync(join(dir, 'work-'));
      await unpackDebian(
        all.flatMap(({ packages }) => packages),
        root,
        work,
        signal,
      );
      const below: string[] = [];
      for (const layer of all) {
        const context = join(dir, layer.name);
        const target = join(context, 'files');
        mkdirSync(target, { recursive: true });
        await pick({ root, target, below }, layer, signal);
        const tag = layer.name === name ? ref : `localhost/${layer.name}:build`;
        const base = `localhost/${all[below.length - 1]?.name ?? ''}:build`;
        const args = { BASE: below.length === 0 ? 'scratch' : base };
        await buildah.build({ context, dockerfile: join(dir, dockerfile(layer)), args }, tag);
        below.push(target);
      }
    },
  };
};

export const redis = recipe('docker.io/library/redis:7', [redisLayer]);
export const postgres = recipe('docker.io/library/postgres:15', [postgresLayer]);
/** As in Patroni's documentation: it has its own Kubernetes client, so no package is needed for that. */
export const patroni = recipe('docker.io/library/patroni:3', [postgresLayer, patroniLayer]);
