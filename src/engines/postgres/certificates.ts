import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { HAError } from '../../api/errors.ts';
import { type OsUser, writeFor } from './os-user.ts';

/** Of an error of TLS, which may quote a whole certificate. */
const quotedLength = 200;

/**
 * Copies the certificates: Postgres accepts a key only if nobody but its owner can read it; the files of a Secret are links, and
 * belong to root.
 *
 * @returns whether they have changed. @throws HAError HA_ERR_AGENT_CONFIG
 */
export async function copyCertificates(
  from: string,
  to: string,
  osUser: OsUser | undefined,
): Promise<boolean> {
  const read = async (name: string): Promise<[string, Buffer]> => {
    const path = join(from, name);
    try {
      return [name, await readFile(path)];
    } catch (error) {
      throw new HAError('HA_ERR_AGENT_CONFIG', `${path} cannot be read`, { cause: error });
    }
  };
  const [cert, key, ca] = await Promise.all([read('tls.crt'), read('tls.key'), read('ca.crt')]);
  const why = fault(cert[1], key[1], ca[1]);
  if (why !== undefined) {
    const what = `tls.crt, tls.key and ca.crt in ${from} do not belong together (${why})`;
    throw new HAError('HA_ERR_AGENT_CONFIG', what);
  }
  let hasChanged = false;
  for (const [name, content] of [cert, key, ca]) {
    const copy = await readFile(join(to, name)).catch(() => undefined);
    if (copy?.equals(content) === true) continue;
    await writeFor(osUser, join(to, name), content);
    hasChanged = true;
  }
  return hasChanged;
}

/** Whether a server can be started with the files in this folder. */
export async function haveCertificates(folder: string): Promise<boolean> {
  const names = ['tls.crt', 'tls.key', 'ca.crt'];
  try {
    const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
    const [cert, key, ca] = files as [Buffer, Buffer, Buffer];
    return fault(cert, key, ca) === undefined;
  } catch {
    return false;
  }
}

function fault(cert: Buffer, key: Buffer, ca: Buffer): string | undefined {
  try {
    createSecureContext({ cert, key, ca });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, quotedLength) : String(error);
  }
}
