import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HAError } from '../../api/errors.ts';
import { argsFor } from './arguments.ts';
import type { Layout } from './layout.ts';
import { makeFolder, writeFor } from './os-user.ts';
import { roleStatements } from './role.ts';
import { limitNames } from './standby-limits.ts';
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
 * Creates a new data set: with checksums, the superuser `postgres` with the Secret's password, and the role by which members follow
 * each other. `args` are those of the server. It is created in a folder of its own and moved to its place once it is complete and on disk.
 *
 * @throws HAError HA_ERR_NO_PASSWORD; what runCommand throws
 */
export async function initDataDirectory(
  tools: Tools,
  layout: Layout,
  {
    password,
    replicationPassword,
    args,
  }: {
    password: string | undefined;
    replicationPassword: string | undefined;
    args: readonly string[];
  },
  signal: AbortSignal,
): Promise<void> {
  if (password === undefined) {
    throw new HAError('HA_ERR_NO_PASSWORD', 'the member has no password for the superuser');
  }
  const { initdb, data, settings } = layout;
  await rm(initdb, { recursive: true, force: true });
  await makeFolder(initdb, tools.osUser);
  await makeFolder(settings, tools.osUser);
  const passwordFile = join(settings, 'initdb-password');
  try {
    await writeFor(tools.osUser, passwordFile, `${password}\n`);
    await tools.run('initdb', ['-D', initdb, ...initdbArgs, `--pwfile=${passwordFile}`], {
      signal,
      timeoutMs: initdbMs,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  // In single-user mode: nothing listens, and no acknowledgement is needed. With the limits of the template: initdb has written the
  // defaults into the control file, and lower ones would not count, as for a standby of this data set.
  const limits = argsFor(limitNames, args);
  const options = ['-c', 'exit_on_error=on', ...limits, 'postgres'];
  await tools.run('postgres', ['--single', '-D', initdb, ...options], {
    signal,
    timeoutMs: initdbMs,
    input: `${roleStatements(replicationPassword ?? password).join('\n')}\n`,
  });
  await rename(initdb, data);
}
