import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NetworkFaults, noFaults } from './faults.ts';
import type { ClusterNode } from './layout.ts';
import { stateDir } from './paths.ts';

/** State of the cluster between commands. */
export interface State {
  binDir: string;
  nodes: ClusterNode[];
  faults: NetworkFaults;
  /** Process id of its process 1 on the machine: the state of another one is outdated. */
  initPid: number;
}

const file = join(stateDir, 'state.json');

export async function readState(): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as State;
    // The state of a cluster that an earlier revision has started may lack a kind of fault.
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
