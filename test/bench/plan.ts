import { baselineName } from '../framework/baseline.ts';
import type { Fault, FaultName } from '../framework/faults.ts';
import type { System } from '../framework/system.ts';

/** Kubernetes takes about a minute to give up a node: this is seen often enough in so many runs. */
const plainNodeRuns = 3;

/** The HAServices: the quickstart's heartbeat is the default one. */
export const heartbeats = {
  web: {},
  'web-fast': { heartbeat: { interval: '100ms', timeout: '500ms' } },
};
/** Faults come faster here than in life, and one after the other would be taken for a primary's own fault (core/flapping.ts). */
export const unhurried = { minInterval: '0s' };
export type ServiceName = keyof typeof heartbeats;

/** One fault on one system: what is to be done, and how often. */
export interface Plan {
  /** As the table calls it. */
  title: string;
  fault: Fault;
  system: System;
  /** Name of the HAService, or of the plain Deployment. */
  name: string;
  /** The HAService that is there meanwhile. */
  service: ServiceName;
  runs: number;
  windowMs: number;
  /** What is aimed at, in words. */
  aim: string;
}

/** All series of the failover benchmark, in the order of its table. */
export function plans(faults: readonly Fault[], runs: number): Plan[] {
  const fault = (name: FaultName): Fault => {
    const found = faults.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the fault ${name} cannot be done here`);
    return found;
  };
  const ha = { system: 'haservice', name: 'web', service: 'web', runs } as const;
  const fast = { name: 'web-fast', service: 'web-fast' } as const;
  const plain = {
    system: 'kubernetes',
    name: baselineName,
    service: 'web',
    runs,
    aim: '',
  } as const;
  const crash = { title: 'SIGKILL', fault: fault('crash'), windowMs: 3_000 };
  const hang = { title: 'SIGSTOP, default', fault: fault('hang'), windowMs: 6_000 };
  const cut = { title: 'node cut off', fault: fault('node-lost') };
  return [
    { ...crash, ...ha, aim: 'median 50, p99 150' },
    { ...crash, ...plain },
    { ...hang, ...ha, ...fast, title: 'SIGSTOP, fast', aim: 'under 1,000' },
    { ...hang, ...ha, aim: 'under 2,500' },
    { ...hang, ...plain },
    { ...cut, ...ha, windowMs: 8_000, aim: 'under 3,000' },
    { ...cut, ...plain, windowMs: cut.fault.windowMs, runs: Math.min(runs, plainNodeRuns) },
  ];
}
