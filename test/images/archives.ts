import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** How many versions of one image are kept. */
const keptVersions = 3;

/** Whether the archive exists; if so, it is marked as the one used last. */
export function use(archive: string): boolean {
  const now = new Date();
  try {
    utimesSync(archive, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Removes the archives of `name` that have not been used for longest. */
export function prune(dir: string, name: string): void {
  const pattern = new RegExp(`^${name}-[0-9a-f]+\\.tar$`);
  readdirSync(dir)
    .filter((file) => pattern.test(file))
    .map((file) => join(dir, file))
    .map((file) => ({ file, usedAt: statSync(file).mtimeMs }))
    .sort((a, b) => b.usedAt - a.usedAt)
    .slice(keptVersions)
    .forEach(({ file }) => rmSync(file));
}
