import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './exec.ts';

const arch = process.arch === 'x64' ? 'amd64' : process.arch;

/**
 * A docker-archive with one image: one layer with one static program, /NAME. Created once.
 *
 * @param binary path of the program; the archive is created in the same folder.
 */
export async function staticImage(binary: string, name: string, ref: string): Promise<string> {
  const archive = `${binary}.tar`;
  if (existsSync(archive)) return archive;
  const work = `${archive}.${process.pid}`;
  try {
    await mkdir(join(work, 'root'), { recursive: true });
    await copyFile(binary, join(work, 'root', name));
    const tar = ['tar', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await run([...tar, '-C', join(work, 'root'), '-cf', join(work, 'layer.tar'), name]);
    const layer = await readFile(join(work, 'layer.tar'));
    const config = {
      architecture: arch,
      os: 'linux',
      config: { Entrypoint: [`/${name}`], User: '65532:65532' },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    };
    await writeFile(join(work, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: [ref], Layers: ['layer.tar'] }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    const files = ['manifest.json', 'config.json', 'layer.tar'];
    await run([...tar, '-C', work, '-cf', join(work, 'image.tar'), ...files]);
    await mkdir(dirname(archive), { recursive: true });
    await rename(join(work, 'image.tar'), archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return archive;
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
