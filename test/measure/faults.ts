import type { KubeClient } from '../../src/kube/client.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Cluster } from '../cluster/cluster.ts';

export type FaultName = 'crash' | 'hang' | 'node-lost';

/** The pod that a fault is for. */
export interface Target {
  namespace: string;
  name: string;
  uid: string;
  node: string;
}

export interface Fault {
  name: FaultName;
  /** What is done, in a few words. */
  title: string;
  /** How long the clients are watched, in milliseconds. */
  windowMs: number;
  inject(target: Target): Promise<void>;
  /** Takes it back, where it does not pass by itself. */
  undo(target: Target): Promise<void>;
}

/** Faults that need root: they are done to the processes and the network, and the API server is not told. */
export const clusterFaults = (cluster: Cluster): Fault[] => [
  {
    name: 'crash',
    title: 'process killed (SIGKILL)',
    windowMs: 5_000,
    inject: (target) => cluster.killContainer(target, 'SIGKILL'),
    undo: () => Promise.resolve(),
  },
  {
    name: 'hang',
    title: 'process frozen (SIGSTOP)',
    windowMs: 10_000,
    inject: (target) => cluster.freeze(target),
    // Where the operator has replaced the frozen pod there is nothing left to thaw.
    undo: (target) => cluster.thaw(target).catch(() => {}),
  },
  {
    name: 'node-lost',
    title: 'node cut off the network',
    // A node is given up by Kubernetes after 50 s by default (node-monitor-grace-period).
    windowMs: 75_000,
    inject: ({ node }) => cluster.cut(node),
    undo: ({ node }) => cluster.heal(node),
  },
];

/** What can be done with the API server alone. It hears of the loss first, which makes it easier than a crash. */
export const crashByApi = (client: KubeClient): Fault => ({
  name: 'crash',
  title: 'pod deleted by force',
  windowMs: 10_000,
  inject: async (target) => {
    await client.delete(pods, target, { uid: target.uid, gracePeriodSeconds: 0 });
  },
  undo: () => Promise.resolve(),
});
