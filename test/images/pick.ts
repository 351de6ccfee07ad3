import {
  closeSync,
  cpSync,
  globSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isolatedProgram } from './program.ts';

/**
 * Copies files, folders and the shared libraries that they load from one root file system into another, which is created. Leaves
 * out files that a lower layer has.
 *
 * @param patterns globs below `root`. @param without globs to leave out.
 * @throws Error if a pattern matches nothing.
 */
export async function pick(
  { root, target, below = [] }: { root: string; target: string; below?: readonly string[] },
  { patterns, without = [] }: { patterns: readonly string[]; without?: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  for (const pattern of patterns) {
    const found = globSync(pattern, { cwd: root });
    if (found.length === 0) throw new Error(`no file of the Debian packages matches ${pattern}`);
    for (const path of found) copy(root, target, path, { verbatimSymlinks: true });
  }
  for (const path of globSync([...without], { cwd: target })) {
    rmSync(join(target, path), { recursive: true, force: true });
  }
  const programs = filesIn(target).filter((path) => isElf(join(target, path)));
  for (const library of await librariesOf(root, programs, signal)) {
    copy(root, target, library, { dereference: true });
  }
  for (const path of below.flatMap(filesIn)) rmSync(join(target, path), { force: true });
}

function copy(root: string, target: string, path: string, options: object): void {
  const to = join(target, path);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, path), to, { recursive: true, ...options });
}

/** Paths of everything except folders. */
const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length));

function isElf(file: string): boolean {
  const start = Buffer.alloc(4);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, start, 0, start.length, 0);
  } finally {
    closeSync(fd);
  }
  return start.toString('latin1') === '\x7fELF';
}

/** Asks the loader itself, which sees only `root`. */
async function librariesOf(
  root: string,
  programs: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const [loader] = globSync('lib*/ld-linux*.so.*', { cwd: root });
  if (loader === undefined)
    throw new Error(`there is no libc in ${root}: add libc6 to the packages`);
  // It fails for a statically linked program, which needs no library.
  const list = 'loader=$1; shift; for file; do "$loader" --list "$file" || :; done';
  const argv = ['chroot', root, '/bin/sh', '-c', list, 'sh', `/${loader}`, ...programs];
  const out = await isolatedProgram(argv, { signal });
  return [...new Set(Array.from(out.matchAll(/(\/\S+) \(0x/g), ([, path = '']) => path))];
}
