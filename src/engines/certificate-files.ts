import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { HAError } from '../api/errors.ts';

/** Of an error of TLS, which may quote a whole certificate. */
const quotedLength = 200;

const names = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/**
 * Copies the certificates of a Secret if they belong together. A server is started with the copy, so that it can be started again while
 * those in the Secret are wrong.
 *
 * @returns whether they have changed. @throws HAError HA_ERR_AGENT_CONFIG
 */
export async function copyCertificates(
  from: string,
  to: string,
  write: (path: string, content: Buffer) => Promise<void>,
): Promise<boolean> {
  const read = async (name: string): Promise<Buffer> => {
    const path = join(from, name);
    try {
      return await readFile(path);
    } catch (error) {
      throw new HAError('HA_ERR_AGENT_CONFIG', `${path} cannot be read`, { cause: error });
    }
  };
  const files = await Promise.all(names.map(read));
  const why = fault(files);
  if (why !== undefined) {
    const what = `tls.crt, tls.key and ca.crt in ${from} do not belong together (${why})`;
    throw new HAError('HA_ERR_AGENT_CONFIG', what);
  }
  let hasChanged = false;
  for (const [i, name] of names.entries()) {
    const content = files[i] ?? Buffer.alloc(0);
    const copy = await readFile(join(to, name)).catch(() => undefined);
    if (copy?.equals(content) === true) continue;
    await write(join(to, name), content);
    hasChanged = true;
  }
  return hasChanged;
}

/** Whether a server can be started with the files in this folder. */
export const haveCertificates = (folder: string): Promise<boolean> =>
  Promise.all(names.map((name) => readFile(join(folder, name)))).then(
    (files) => fault(files) === undefined,
    () => false,
  );

function fault([cert, key, ca]: Buffer[]): string | undefined {
  try {
    createSecureContext({ cert, key, ca });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, quotedLength) : String(error);
  }
}
