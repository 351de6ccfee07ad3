import { baselineName } from '../framework/baseline.ts';
import type { Fault, FaultName } from '../framework/faults.ts';
import type { System } from '../framework/system.ts';

/** Kubernetes takes about a minute to give up a node: a few runs are enough. */
const plainNodeRuns = 3;

/** The HAServices: the quickstart has the default heartbeat. */
export const heartbeats = {
  web: {},
  'web-fast': { heartbeat: { interval: '100ms', timeout: '500ms' } },
};
/** Faults come faster here than in production, and would count as repeated failures of one primary (core/failover/failover-backoff.ts). */
export const unhurried = { minInterval: '0s' };
export type ServiceName = keyof typeof heartbeats;

/** One fault on one system, and how it is measured. */
export interface Plan {
  /** Title in the table. */
  title: string;
  fault: Fault;
  system: System;
  /** Name of the HAService, or of the Deployment. */
  name: string;
  /** The HAService that exists at the same time. */
  service: ServiceName;
  runs: number;
  windowMs: number;
  /** The target, in words. */
  aim: string;
}

/** All series of the failover benchmark, in the order of its table. */
export function plans(faults: readonly Fault[], runs: number): Plan[] {
  const fault = (name: FaultName): Fault => {
    const found = faults.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the fault ${name} is not possible on this cluster`);
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
