import type { Phase } from '../../framework/state.ts';
import type { Pod } from '../../../src/kube/api-types.ts';

/**
 * A system that is measured: an HAService, or a baseline that its users would run instead. The benchmark calls `deploy` once, and
 * `untilHealthy` before each fault. An error ends the measurement of this system only.
 */
export interface BenchSystem {
  /** Name on the command line. */
  name: string;
  /** Title in the table. */
  title: string;
  engine: 'redis' | 'postgres';
  /** Creates the system in an empty namespace. Everything in it is deleted with the namespace. */
  deploy(): Promise<void>;
  /** Waits until every member is healthy and the next fault would be handled as usual. @returns the pod of the primary. */
  untilHealthy(): Promise<Pod>;
  /** URL by which a client finds the primary, wherever it runs. */
  clientUrl(): Promise<string>;
  /** URL of one member. */
  memberUrl(pod: Pod): string;
  /** Duration of each phase of the last failover, as the system itself reports it, if it does. Milliseconds. */
  phases?(since: number): [Phase, number][];
}

/** Every member on a node of its own, as is usual with three zones. */
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

/** Request of each database: without one, the databases would share what the clients leave. */
export const databaseResources = { requests: { cpu: '300m' } };
