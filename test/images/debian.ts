import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from './program.ts';

/**
 * Unpacks Debian packages and their dependencies into `root`, from the sources that this machine's apt uses. No script of them is
 * run: no service, user or cache is set up.
 *
 * @param work an empty folder for the packages.
 */
export async function unpackDebian(
  packages: readonly string[],
  root: string,
  work: string,
  signal: AbortSignal,
): Promise<void> {
  const archives = join(work, 'archives');
  const status = join(work, 'status');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  // Nothing counts as installed, so that every dependency is fetched.
  writeFileSync(status, '');
  const options = {
    'Dir::State::status': status,
    'Dir::Cache::archives': archives,
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': '1',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const download = () =>
    program(
      ['apt-get', 'install', '-qq', '--download-only', '--no-install-recommends', ...flags].concat(
        '--yes',
        packages,
      ),
      { signal },
    );
  try {
    await download();
  } catch {
    // The lists are missing or outdated: the mirror no longer has these packages.
    signal.throwIfAborted();
    await program(['apt-get', 'update', '-qq'], { signal });
    await download();
  }
  mkdirSync(root, { recursive: true });
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    await program(['dpkg-deb', '--extract', join(archives, file), root], { signal });
  }
  for (const unused of ['doc', 'info', 'locale', 'man', 'perl5']) {
    rmSync(join(root, 'usr/share', unused), { recursive: true, force: true });
  }
}
