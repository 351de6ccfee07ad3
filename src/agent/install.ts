import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { HAError } from '../api/errors.ts';

/** Milliseconds that the loader may take to name the libraries. */
const loaderMs = 10_000;

/**
 * Copies Node, the libraries that it is linked with, their loader, and the agent into a folder, so that any image can run it,
 * whichever C library it has or lacks, as any user:
 *
 *     DIR/lib/ld.so --library-path DIR/lib DIR/bin/node DIR/agent.mjs
 *
 * The loader is told the path as an argument, so that the programs which the agent starts inherit nothing of it. What is
 * there already is replaced file by file; a copy that was cut off is not taken for a whole one.
 */
export async function install(folder: string, script: string): Promise<void> {
  const bin = join(folder, 'bin');
  const lib = join(folder, 'lib');
  for (const each of [folder, bin, lib]) {
    await mkdir(each, { recursive: true });
  }
  for (const each of [bin, lib]) await chmod(each, 0o755);
  await copy(process.execPath, join(bin, 'node'));
  const { loader, libraries } = parseLibraries(await listLibraries(process.execPath));
  await copy(loader, join(lib, 'ld.so'));
  for (const library of libraries) await copy(library, join(lib, basename(library)));
  // Last: where it is, everything is.
  await copy(script, join(folder, 'agent.mjs'));
}

/** What the loader prints instead of running a program: `NAME => PATH (0x...)`, and its own `PATH (0x...)`. */
async function listLibraries(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [], {
    env: { LD_TRACE_LOADED_OBJECTS: '1' },
    timeout: loaderMs,
  });
  return stdout;
}

/** @throws HAError HA_ERR_AGENT_CONFIG where there is no loader in it. */
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
