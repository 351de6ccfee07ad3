import type { Phase } from '../../framework/state.ts';
import type { Pod } from '../../../src/kube/api-types.ts';

/** A system that is measured: ours, or one that its users would run instead. */
export interface Peer {
  /** Names it on the command line. */
  name: string;
  /** As the table calls it. */
  title: string;
  engine: 'redis' | 'postgres';
  /** Makes it in an empty namespace. What it leaves there goes with the namespace. */
  deploy(): Promise<void>;
  /** Waits until every member is well, and a fault would be answered as well as ever. @returns the pod of the primary. */
  settled(): Promise<Pod>;
  /** What a client is told, so that it finds the primary wherever that is. */
  clientUrl(): Promise<string>;
  /** Straight to one member. */
  memberUrl(pod: Pod): string;
  /** How long each part of the last failover took, by its own clock, where it says so. Milliseconds. */
  phases?(since: number): [Phase, number][];
}

/** Every member on a node of its own, as one does with three zones. */
export const spread = (labels: Record<string, string>) => ({
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: labels } },
    ],
  },
});

export const podIpEnv = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };
export const podNameEnv = {
  name: 'POD_NAME',
  valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
};

/** What each database asks for: without it those that ask for nothing share what the clients leave. */
export const databaseResources = { requests: { cpu: '300m' } };
