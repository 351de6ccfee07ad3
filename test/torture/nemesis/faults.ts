import type { KubeClient } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { FaultName } from './fault-names.ts';

/** A pod that something can happen to. */
export interface Victim {
  namespace: string;
  name: string;
  uid: string;
  node: string;
  address: string;
}

/** Who is who at this moment, as far as the API server has told. */
export interface Cast {
  primary(): Victim | undefined;
  followers(): Victim[];
  operator(): Victim | undefined;
}

export interface Means {
  cluster: Pick<
    Cluster,
    | ('nodes' | 'cut' | 'heal' | 'cutAddresses' | 'healAddresses' | 'loseZone' | 'restoreZone')
    | ('killContainer' | 'freeze' | 'thaw' | 'stopComponent' | 'startComponent')
  >;
  client: Pick<KubeClient, 'delete'>;
  /** Makes the time of day of a pod wrong by so many seconds. */
  setClock: (pod: string, seconds: number) => void;
  cast: Cast;
}

/** Undoes a fault. May be called where there is nothing left to undo. */
export type Undo = () => Promise<void>;

/** There is nobody whom it could happen to, or it cannot be done now. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

const nothing: Undo = async () => {};
const deleteMs = 2_000;
const mostJumpSeconds = 3_600;

/** Makes something happen. @param pick chooses among several, 0 to below 1. @throws NotNow */
export async function inject(fault: FaultName, pick: number, means: Means): Promise<Undo> {
  const { cluster, client, cast, setClock } = means;
  const there = (victim: Victim | undefined): Victim => {
    if (victim === undefined) throw new NotNow('nobody is there');
    return victim;
  };
  const primary = () => there(cast.primary());
  const freeze = async (victim: Victim): Promise<Undo> => {
    await attempt(cluster.freeze(victim));
    // Where it has been replaced meanwhile, nothing is left to thaw.
    return () => cluster.thaw(victim).catch(() => {});
  };
  const cut = async (node: string, direction: 'both' | 'in' | 'out'): Promise<Undo> => {
    await cluster.cut(node, direction);
    return () => cluster.heal(node);
  };
  const cutPods = async (a: Victim, others: Victim[]): Promise<Undo> => {
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
      const victim = primary();
      const signal = AbortSignal.timeout(deleteMs);
      await attempt(
        client.delete(pods, victim, { uid: victim.uid, gracePeriodSeconds: 0, signal }),
      );
      return nothing;
    }
    case 'cut':
      return cut(primary().node, 'both');
    case 'cut-in':
      return cut(primary().node, 'in');
    case 'cut-out':
      return cut(primary().node, 'out');
    case 'cut-followers':
      return cutPods(primary(), cast.followers());
    case 'cut-operator':
      return cutPods(primary(), [there(cast.operator())]);
    case 'isolate-operator': {
      const { address } = there(cast.operator());
      await cluster.cutAddresses(address);
      return () => cluster.healAddresses(address);
    }
    case 'kill-operator':
      await attempt(cluster.killContainer(there(cast.operator())));
      return nothing;
    case 'api-down':
      await cluster.stopComponent('kube-apiserver');
      return () => cluster.startComponent('kube-apiserver');
    case 'freeze-follower': {
      const followers = cast.followers();
      return freeze(there(followers[Math.floor(pick * followers.length)]));
    }
    case 'zone': {
      const zones = [...new Set(cluster.nodes.map(({ zone }) => zone))];
      const zone = zones[Math.floor(pick * zones.length)] ?? '';
      await cluster.loseZone(zone);
      return () => cluster.restoreZone(zone);
    }
    case 'clock': {
      const members = [primary(), ...cast.followers()];
      const at = pick * members.length;
      const { name } = there(members[Math.floor(at)]);
      // The rest of the choice says how far, and which way.
      setClock(name, Math.round((2 * (at % 1) - 1) * mostJumpSeconds));
      return async () => setClock(name, 0);
    }
  }
}

async function attempt(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    throw new NotNow((error as Error).message, { cause: error });
  }
}
