import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Content of files by their path below the checkout. */
export type Sources = Record<string, Uint8Array>;

/** A short name for the content of an image. The order of the parts does not matter. */
export function contentKey(parts: Record<string, string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Reads the matching files. Tests are excluded: no image contains them. */
export function readSources(root: string, patterns: string[]): Sources {
  const exclude = ['**/*.test.ts', 'src/**/testing/**'];
  const files = globSync(patterns, { cwd: root, exclude });
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file))]));
}

export function writeSources(root: string, sources: Sources): void {
  for (const [file, content] of Object.entries(sources)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
}
