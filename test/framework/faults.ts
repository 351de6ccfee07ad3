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
  /** The fault in a few words. */
  title: string;
  /** How long the clients are watched, in milliseconds. */
  windowMs: number;
  inject(target: Target): Promise<void>;
  /** Ends the fault, if it does not end by itself. */
  undo(target: Target): Promise<void>;
}

/** Faults that need root: in processes and the network, without the API server. */
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
    // If the operator has replaced the frozen pod, there is nothing to thaw.
    undo: (target) => cluster.thaw(target).catch(() => {}),
  },
  {
    name: 'node-lost',
    title: 'node cut off the network',
    // By default Kubernetes gives a node up after 50 s (node-monitor-grace-period).
    windowMs: 75_000,
    inject: ({ node }) => cluster.cut(node),
    undo: ({ node }) => cluster.heal(node),
  },
];

/** The fault that the API server alone can cause. The API server knows of it at once, so it is easier than a crash. */
export const crashByApi = (client: KubeClient): Fault => ({
  name: 'crash',
  title: 'pod deleted by force',
  windowMs: 10_000,
  inject: async (target) => {
    await client.delete(pods, target, { uid: target.uid, gracePeriodSeconds: 0 });
  },
  undo: () => Promise.resolve(),
});
