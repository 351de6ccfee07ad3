import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { HAError } from '../api/errors.ts';
import { userLookupPath } from '../protocol/agent-config.ts';

/** How long the loader may take to list the libraries. Milliseconds. */
const loaderMs = 10_000;

/**
 * Copies Node, its shared libraries, their loader, and the agent into a folder, so that any image can run it as any user,
 * with any C library or none:
 *
 *     DIR/lib/ld.so --library-path DIR/lib DIR/bin/node DIR/agent.mjs
 *
 * The loader gets the path as an argument, so that programs started by the agent inherit nothing of it. Existing files are
 * replaced one by one; the agent itself comes last, so that an interrupted copy is not mistaken for a complete one.
 */
export async function install(folder: string, script: string): Promise<void> {
  const bin = join(folder, 'bin');
  const lib = join(folder, 'lib');
  for (const each of [folder, bin, lib]) {
    await mkdir(each, { recursive: true });
  }
  for (const each of [bin, lib]) await chmod(each, 0o755);
  // Mounted into the container of the program, which may run as any user.
  const lookup = join(folder, userLookupPath);
  await mkdir(lookup, { recursive: true });
  await chmod(lookup, 0o777);
  await copy(process.execPath, join(bin, 'node'));
  const { loader, libraries } = parseLibraries(await listLibraries(process.execPath));
  await copy(loader, join(lib, 'ld.so'));
  for (const library of libraries) await copy(library, join(lib, basename(library)));
  // Last: if it is there, everything is.
  await copy(script, join(folder, 'agent.mjs'));
}

/** Output of the loader in place of running the program: `NAME => PATH (0x...)`, and its own `PATH (0x...)`. */
async function listLibraries(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [], {
    env: { LD_TRACE_LOADED_OBJECTS: '1' },
    timeout: loaderMs,
  });
  return stdout;
}

/** @throws HAError HA_ERR_AGENT_CONFIG if the text names no loader. */
export function parseLibraries(text: string): { loader: string; libraries: string[] } {
  const lines = text.split('\n').map((line) => line.trim());
  const libraries = lines.flatMap((line) => /=> (\/\S+)/.exec(line)?.[1] ?? []);
  const loader = lines.flatMap((line) => /^(\/\S+)/.exec(line)?.[1] ?? [])[0];
  if (loader === undefined) {
    throw new HAError('HA_ERR_AGENT_CONFIG', 'Node is not linked as it is in the operator image');
  }
  return { loader, libraries };
}

async function copy(from: string, to: string): Promise<void> {
  const beside = `${to}.new`;
  await copyFile(from, beside);
  await chmod(beside, 0o755);
  await rename(beside, to);
}
