import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HAError } from '../../api/errors.ts';
import type { Layout } from './layout.ts';
import { makeFolder, writeFor } from './os-user.ts';
import { roleStatements } from './role.ts';
import type { Tools } from './tools.ts';

/** Milliseconds. */
const initdbMs = 120_000;

const initdbArgs = [
  '--encoding=UTF8',
  // Its order never changes with the system's libraries, which would break the indexes of members with another image.
  '--locale=C.UTF-8',
  '--data-checksums',
  '--username=postgres',
  '--auth-local=trust',
  '--auth-host=scram-sha-256',
];

/**
 * Begins a new data set: with checksums, the superuser `postgres`, and the role by which members follow each other, both with
 * the Secret's password. It is made beside its place and moved there when it is complete and on disk.
 *
 * @throws HAError HA_ERR_NO_PASSWORD; what runCommand throws
 */
export async function initDataDirectory(
  tools: Tools,
  layout: Layout,
  password: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (password === undefined) {
    throw new HAError('HA_ERR_NO_PASSWORD', 'the member has none to give to the superuser');
  }
  const { begun, data, settings } = layout;
  await rm(begun, { recursive: true, force: true });
  await makeFolder(begun, tools.owner);
  await makeFolder(settings, tools.owner);
  const passwordFile = join(settings, 'initdb-password');
  try {
    await writeFor(tools.owner, passwordFile, `${password}\n`);
    await tools.run('initdb', ['-D', begun, ...initdbArgs, `--pwfile=${passwordFile}`], {
      signal,
      timeoutMs: initdbMs,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  // Alone with the files: nothing listens, nobody has to acknowledge.
  await tools.run('postgres', ['--single', '-D', begun, '-c', 'exit_on_error=on', 'postgres'], {
    signal,
    timeoutMs: initdbMs,
    input: `${roleStatements(password).join('\n')}\n`,
  });
  await rename(begun, data);
}
