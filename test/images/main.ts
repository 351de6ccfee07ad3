/** Builds the images of the local cluster and prints their sizes: node test/images/main.ts */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ClusterError } from '../cluster/exec.ts';
import { cacheDir } from '../cluster/paths.ts';
import { grouped, textTable } from '../framework/text-table.ts';
import { buildImages } from './build.ts';
import { recipes } from './images.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new ClusterError(`ended by ${name}`)));
}

/** Size in a registry, compressed, in bytes. */
async function compressedBytes(archive: string): Promise<number> {
  let bytes = 0;
  await pipeline(
    createReadStream(archive),
    createGzip(),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) bytes += chunk.length;
    },
    { signal: stop.signal },
  );
  return bytes;
}

const kilobytes = (bytes: number) => grouped(bytes / 1000);

try {
  const images = await buildImages({
    cacheDir,
    images: recipes.map(({ name }) => name),
    log: console.error,
    signal: stop.signal,
  });
  const rows: string[][] = [];
  for (const { ref, archive, bytes } of images) {
    rows.push([ref, kilobytes(bytes), kilobytes(await compressedBytes(archive)), archive]);
  }
  const columns = [
    { title: 'IMAGE', align: 'left' },
    { title: 'KB', align: 'right' },
    { title: 'KB GZIPPED', align: 'right' },
    { title: 'ARCHIVE', align: 'left' },
  ] as const;
  console.log(textTable(columns, rows));
} catch (error) {
  const ended: unknown = stop.signal.aborted ? stop.signal.reason : error;
  if (!(ended instanceof ClusterError)) throw error;
  console.error(ended.message);
  process.exitCode = 1;
}
