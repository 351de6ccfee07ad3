import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NetworkFaults, noFaults } from './faults.ts';
import type { ClusterNode } from './layout.ts';
import { stateDir } from './paths.ts';

/** What is remembered of the cluster between commands. */
export interface State {
  binDir: string;
  nodes: ClusterNode[];
  faults: NetworkFaults;
  /** Number of its process 1 on the machine: state of an older one is worth nothing. */
  initPid: number;
}

const file = join(stateDir, 'state.json');

export async function readState(): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as State;
    // A cluster that was started by an earlier revision of this checkout may not know every kind.
    return { ...state, faults: { ...noFaults, ...state.faults } };
  } catch {
    return undefined;
  }
}

export async function writeState(state: State): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(state, undefined, 2));
  await rename(`${file}.new`, file);
}

export const freshState = (binDir: string, nodes: ClusterNode[], initPid: number): State => ({
  binDir,
  nodes,
  faults: noFaults,
  initPid,
});
