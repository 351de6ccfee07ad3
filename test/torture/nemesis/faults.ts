import type { KubeClient } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { FaultName } from './fault-names.ts';

/** A pod that a fault can hit. */
export interface TargetPod {
  namespace: string;
  name: string;
  uid: string;
  node: string;
  address: string;
}

/** The pods by their current role, as the API server reports it. */
export interface PodsByRole {
  primary(): TargetPod | undefined;
  followers(): TargetPod[];
  operator(): TargetPod | undefined;
}

export interface FaultTools {
  cluster: Pick<
    Cluster,
    | ('nodes' | 'cut' | 'heal' | 'cutAddresses' | 'healAddresses' | 'loseZone' | 'restoreZone')
    | ('killContainer' | 'freeze' | 'thaw' | 'stopComponent' | 'startComponent')
  >;
  client: Pick<KubeClient, 'delete'>;
  /** Sets the wall clock of a pod wrong by so many seconds. */
  setClock: (pod: string, seconds: number) => void;
  /** Asks the operator for an experiment, by the annotation of the service. */
  requestExperiment: () => Promise<unknown>;
  roles: PodsByRole;
}

/** Undoes a fault. May be called if there is nothing left to undo. */
export type Undo = () => Promise<void>;

/** No pod has the role that the fault needs, or the fault cannot be injected now. */
export class NotPossibleNow extends Error {
  override readonly name = 'NotPossibleNow';
}

const nothing: Undo = async () => {};
const deleteMs = 2_000;
const mostJumpSeconds = 3_600;

/** Injects a fault. @param pick chooses among several pods, 0 to below 1. @throws NotPossibleNow */
export async function inject(fault: FaultName, pick: number, tools: FaultTools): Promise<Undo> {
  const { cluster, client, roles, setClock, requestExperiment } = tools;
  const there = (pod: TargetPod | undefined): TargetPod => {
    if (pod === undefined) throw new NotPossibleNow('no pod has this role now');
    return pod;
  };
  const primary = () => there(roles.primary());
  const freeze = async (pod: TargetPod): Promise<Undo> => {
    await attempt(cluster.freeze(pod));
    // If the pod has been replaced in the meantime, there is nothing to continue.
    return () => cluster.thaw(pod).catch(() => {});
  };
  const cut = async (node: string, direction: 'both' | 'in' | 'out'): Promise<Undo> => {
    await cluster.cut(node, direction);
    return () => cluster.heal(node);
  };
  const cutPods = async (a: TargetPod, others: TargetPod[]): Promise<Undo> => {
    for (const { address } of others) await cluster.cutAddresses(a.address, address);
    return async () => {
      for (const { address } of others) await cluster.healAddresses(a.address, address);
    };
  };
  switch (fault) {
    case 'kill':
      await attempt(cluster.killContainer(primary()));
      return nothing;
    case 'freeze':
      return freeze(primary());
    case 'delete': {
      const pod = primary();
      const signal = AbortSignal.timeout(deleteMs);
      await attempt(client.delete(pods, pod, { uid: pod.uid, gracePeriodSeconds: 0, signal }));
      return nothing;
    }
    case 'cut':
      return cut(primary().node, 'both');
    case 'cut-in':
      return cut(primary().node, 'in');
    case 'cut-out':
      return cut(primary().node, 'out');
    case 'cut-followers':
      return cutPods(primary(), roles.followers());
    case 'cut-operator':
      return cutPods(primary(), [there(roles.operator())]);
    case 'experiment':
      await attempt(requestExperiment());
      return nothing;
    case 'isolate-operator': {
      const { address } = there(roles.operator());
      await cluster.cutAddresses(address);
      return () => cluster.healAddresses(address);
    }
    case 'kill-operator':
      await attempt(cluster.killContainer(there(roles.operator())));
      return nothing;
    case 'api-down':
      await cluster.stopComponent('kube-apiserver');
      return () => cluster.startComponent('kube-apiserver');
    case 'freeze-follower': {
      const followers = roles.followers();
      return freeze(there(followers[Math.floor(pick * followers.length)]));
    }
    case 'zone': {
      const zones = [...new Set(cluster.nodes.map(({ zone }) => zone))];
      const zone = zones[Math.floor(pick * zones.length)] ?? '';
      await cluster.loseZone(zone);
      return () => cluster.restoreZone(zone);
    }
    case 'clock': {
      const members = [primary(), ...roles.followers()];
      const at = pick * members.length;
      const { name } = there(members[Math.floor(at)]);
      // The fraction chooses how far, and in which direction.
      setClock(name, Math.round((2 * (at % 1) - 1) * mostJumpSeconds));
      return async () => setClock(name, 0);
    }
  }
}

async function attempt(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    throw new NotPossibleNow((error as Error).message, { cause: error });
  }
}
