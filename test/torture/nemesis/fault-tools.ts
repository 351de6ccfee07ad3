import type { KubeClient } from '../../../src/kube/client.ts';
import type { Ref } from '../../../src/kube/resources.ts';
import type { Credential } from '../target/credentials.ts';
import type { Cluster } from '../../cluster/cluster.ts';

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
    | ('delay' | 'emptyVolume')
  >;
  client: Pick<KubeClient, 'delete' | 'evict' | 'get' | 'mergePatch'>;
  /** The service, its port, and how many members it has. */
  service: Ref & { port: number; members: number; hasVolumes: boolean };
  /** Sets the wall clock of a pod wrong by so many seconds. */
  setClock: (pod: string, seconds: number) => void;
  /** Renews what is in a Secret of the service. */
  renew: (what: Credential) => Promise<unknown>;
  /** Asks the operator for an experiment, by the annotation of the service. */
  requestExperiment: () => Promise<unknown>;
  roles: PodsByRole;
}

/** An injected fault. */
export interface Injected {
  /** What was chosen, for people. */
  what?: string;
  /** Undoes the fault. May be called if there is nothing left to undo. */
  undo: () => Promise<void>;
}

/** No pod has the role that the fault needs, or the fault cannot be injected now. */
export class NotPossibleNow extends Error {
  override readonly name = 'NotPossibleNow';
}

export const nothing = async (): Promise<void> => {};

/** @throws NotPossibleNow */
export function there(pod: TargetPod | undefined): TargetPod {
  if (pod === undefined) throw new NotPossibleNow('no pod has this role now');
  return pod;
}

/** @throws NotPossibleNow if it fails. */
export async function attempt<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw new NotPossibleNow((error as Error).message, { cause: error });
  }
}
