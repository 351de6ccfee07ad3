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
  try {
    createSecureContext({ cert: cert[1], key: key[1], ca: ca[1] });
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, quotedLength) : '';
    const what = `tls.crt, tls.key and ca.crt in ${from} do not belong together (${why})`;
    throw new HAError('HA_ERR_AGENT_CONFIG', what, { cause: error });
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
