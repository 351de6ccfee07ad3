import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stateDir } from '../../cluster/paths.ts';
import { program } from '../../images/program.ts';

const folder = join(stateDir, 'clocks');
const mountPath = '/wall-clocks';
const library = 'wall-clock.so';
const source = fileURLToPath(new URL('wall-clock.c', import.meta.url));

const bytesOf = (seconds: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(seconds));
  return bytes;
};

/** Parts of the spec of a pod, and of its first container, that make it possible to set its wall clock. */
export const clockParts = {
  container: {
    env: [
      { name: 'LD_PRELOAD', value: join(mountPath, library) },
      // The operator puts the variable POD_NAME first.
      { name: 'WALL_CLOCK_FILE', value: `${mountPath}/$(POD_NAME)` },
    ],
    volumeMounts: [{ name: 'wall-clocks', mountPath, readOnly: true }],
  },
  volume: { name: 'wall-clocks', hostPath: { path: folder, type: 'Directory' } },
};

/** Creates a clock with the right time for each of these pods, on this machine, which all nodes share. */
export async function makeClocks(pods: readonly string[], signal: AbortSignal): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await program(['cc', '-O2', '-shared', '-fPIC', '-o', join(folder, library), source], { signal });
  for (const pod of pods) writeFileSync(join(folder, pod), bytesOf(0));
}

/** Sets the clock of a pod wrong by so many seconds. Written in place: its processes have mapped the file into memory. */
export function setClock(pod: string, seconds: number): void {
  writeFileSync(join(folder, pod), bytesOf(seconds), { flag: 'r+' });
}
