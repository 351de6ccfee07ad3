import { chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { HAError } from '../../api/errors.ts';

/** The user that Postgres runs as, if it is not that of this process. */
export interface OsUser {
  uid: number;
  gid: number;
}

/** The user of this process. */
export const processUser = (): OsUser => ({
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
});

/**
 * Postgres refuses to run as root. If the agent is root, it runs Postgres as the owner of the data or, if that is root, as the
 * image's user `postgres`, as the image's own entrypoint would.
 *
 * @param folders the first one that exists and does not belong to root decides
 * @throws HAError HA_ERR_PROGRAM_START if there is no such user
 */
export async function findOsUser(folders: readonly string[]): Promise<OsUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  }
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users);
  if (fields !== null) return { uid: Number(fields[1]), gid: Number(fields[2]) };
  throw new HAError(
    'HA_ERR_PROGRAM_START',
    'Postgres does not run as root, and the image has no user postgres to run it as',
  );
}

/** Creates a folder that only the owner can read; leaves an existing one as it is. */
export async function makeFolder(path: string, osUser: OsUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (osUser !== undefined) await chown(path, osUser.uid, osUser.gid);
}

/** Writes a file that only the owner can read, in one step: after a crash there is the old file or the new one. */
export async function writeFor(
  osUser: OsUser | undefined,
  path: string,
  content: string | Buffer,
): Promise<void> {
  const beside = `${path}.new`;
  await writeFile(beside, content, { mode: 0o600, flush: true });
  if (osUser !== undefined) await chown(beside, osUser.uid, osUser.gid);
  await rename(beside, path);
}
