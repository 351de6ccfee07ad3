import { pods } from '../../../src/kube/resources.ts';
import { type FaultName, type MachineFault, isOrdinary } from './fault-names.ts';
import {
  type FaultTools,
  type Injected,
  type TargetPod,
  attempt,
  nothing,
  there,
} from './fault-tools.ts';
import { injectOrdinary } from './ordinary-faults.ts';

type Undo = Injected['undo'];

const deleteMs = 2_000;
const mostJumpSeconds = 3_600;

/** Injects a fault. @param pick chooses among several pods, 0 to below 1. @throws NotPossibleNow */
export async function inject(fault: FaultName, pick: number, tools: FaultTools): Promise<Injected> {
  if (isOrdinary(fault)) return injectOrdinary(fault, pick, tools);
  return { undo: await injectMachine(fault, pick, tools) };
}

async function injectMachine(fault: MachineFault, pick: number, tools: FaultTools): Promise<Undo> {
  const { cluster, client, roles, setClock, requestExperiment } = tools;
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
