import { chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { HAError } from '../../api/errors.ts';

/** The user that Postgres runs as, where that is not this process's own. */
export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * Postgres refuses to run as root. Where the agent does, it runs Postgres as the owner of the data or, where they are root's,
 * as the image's user `postgres`, as the image's own entrypoint would.
 *
 * @param folders the first that is there and not root's decides
 * @throws HAError HA_ERR_PROGRAM_START where there is no such user
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

/** Makes a folder that only the owner can look into; leaves one that is there. */
export async function makeFolder(path: string, owner: OsUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
}

/** Writes a file that only the owner can read, in one step: after a crash there is the old one or the new one. */
export async function writeFor(
  owner: OsUser | undefined,
  path: string,
  content: string | Buffer,
): Promise<void> {
  const beside = `${path}.new`;
  await writeFile(beside, content, { mode: 0o600, flush: true });
  if (owner !== undefined) await chown(beside, owner.uid, owner.gid);
  await rename(beside, path);
}
