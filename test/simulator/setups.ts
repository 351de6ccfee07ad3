import type { ChaosSpec } from '../../src/api/chaos-spec.ts';
import { specSchema } from '../../src/api/spec.ts';
import type { Spec } from '../../src/api/spec.ts';
import { defaultAgentPort } from '../../src/protocol/member-protocol.ts';

/** How a program behaves, as far as decisions can tell. */
export interface MemberBehaviour {
  engine: Engine;
  /** What its user wishes at first. */
  wish: Wish;
  /** The first spec. */
  spec: Spec;
  /** A write waits for acknowledgements of followers, which replicate from the leader. If false, each member writes for itself. */
  replicates: boolean;
  /** The acknowledgement of any follower counts, not only of the members of the sync set: Redis' WAIT. */
  anyFollower: boolean;
  /** A restart loses the position, not the data: Redis counts from 0 again. */
  forgetsPosition: boolean;
  /** A leader ends by itself when its lease expires. */
  lease: boolean;
  /** No acknowledged write may be lost. */
  isStrong: boolean;
  /** Volumes outlive their pods. */
  keepsVolumes: boolean;
  /** A mutant: a leader waits for one acknowledgement less than it reports. */
  fewerAcks?: boolean;
  /** A mutant: a member acknowledges while it is still being cloned. */
  clonesAcknowledge?: boolean;
  /** A mutant: at its promotion a copy counts data as written that are not on its disk yet. */
  forgetsOldLog?: boolean;
  /** A mutant: an order of any epoch is accepted. */
  anyEpoch?: boolean;
  /** A mutant: a late order makes a leader go back to an earlier sync set. */
  anyRevision?: boolean;
  /** A mutant: members do not report the history of their positions. */
  withoutHistory?: boolean;
}

export const engines = [
  'postgres',
  'redis',
  'lease',
  'postgres-eventual',
  'redis-eventual',
] as const;
export type Engine = (typeof engines)[number];

const strong = { consistency: 'Strong' };
const eventual = { consistency: 'Eventual', onNoCandidate: 'PromoteAnyway' };

const postgres = { topology: 'LeaderFollower', engine: { type: 'Postgres' } };
const redis = { topology: 'LeaderFollower', engine: { type: 'Redis' } };
const specs: Record<Engine, { engine: object; failover: object }> = {
  postgres: { ...postgres, failover: strong },
  redis: { ...redis, failover: strong },
  'postgres-eventual': { ...postgres, failover: eventual },
  'redis-eventual': { ...redis, failover: eventual },
  lease: { engine: { type: 'TCP' }, failover: strong },
};

/** Where the program of a first pod listens. */
const firstPort = 80;

const volume = (storage: string) => ({
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});

/** What a user changes of a spec. */
export interface Wish {
  replicas: number;
  image: string;
  /** Of the program: 100m and 0.1 mean the same. */
  cpu: '100m' | '0.1';
  paused: boolean;
  keepsVolumes: boolean;
  /** Only of what promises Strong. */
  isEventual: boolean;
  chaos: ChaosSpec | undefined;
  /** Where the program listens; the Service offers port 80 always. */
  port: number;
  agentPort: number;
  /** What a program that is asked over TCP answers if it is well: the next version of it may answer something else. */
  answer: string;
  leaseDuration: string;
  neverPrimary: Spec['failover']['neverPrimary'];
  preferredPrimary: Spec['failover']['preferredPrimary'];
  /** Claims are deleted with the service. */
  deletesClaims: boolean;
  /** Claims are deleted with a member that is scaled away. */
  deletesScaledClaims: boolean;
  /** Of each volume. */
  storage: string;
  /** What all objects of the service inherit of it, and what its write Service is given. */
  inherits: boolean;
  serviceType: 'ClusterIP' | 'NodePort';
  heartbeat: { interval: string; timeout: string; failureThreshold: number };
}

export const firstWish: Wish = {
  ...{ replicas: 3, image: 'program', cpu: '100m', paused: false },
  ...{ keepsVolumes: true, isEventual: false, chaos: undefined },
  ...{ port: firstPort, agentPort: defaultAgentPort, answer: 'well', leaseDuration: '10s' },
  ...{ neverPrimary: undefined, preferredPrimary: undefined },
  ...{ deletesClaims: false, deletesScaledClaims: false },
  ...{ storage: '1Gi', inherits: false, serviceType: 'ClusterIP' },
  heartbeat: { interval: '500ms', timeout: '2s', failureThreshold: 3 },
};

/** Each is parsed once: decisions remember hashes by the spec's identity. */
const parsed = new Map<string, Spec>();

export function specOf(engine: Engine, wish: Wish): Spec {
  const { replicas, image, paused, keepsVolumes, isEventual, chaos, port, heartbeat } = wish;
  const { agentPort, answer, neverPrimary, leaseDuration, cpu } = wish;
  const { storage, inherits, serviceType, preferredPrimary } = wish;
  const policy = (isDelete: boolean) => (isDelete ? 'Delete' : 'Retain');
  const key = JSON.stringify([engine, wish]);
  let spec = parsed.get(key);
  if (spec === undefined) {
    const { failover, ...rest } = specs[engine];
    spec = specSchema.parse({
      ...rest,
      ports: [{ port: firstPort, targetPort: port }],
      replicas,
      paused,
      heartbeat,
      ...(keepsVolumes ? { volumeClaimTemplates: [volume(storage)] } : {}),
      volumeClaimRetentionPolicy: {
        whenDeleted: policy(wish.deletesClaims),
        whenScaled: policy(wish.deletesScaledClaims),
      },
      ...(inherits ? { inherit: { labels: ['team'] } } : {}),
      ...(serviceType === 'ClusterIP' ? {} : { services: { write: { type: serviceType } } }),
      template: {
        spec: {
          containers: [
            {
              ...{ name: 'main', image, command: ['program', String(port), answer] },
              resources: { requests: { cpu } },
            },
          ],
        },
      },
      engine: {
        ...{ ...rest.engine, agentPort },
        ...(engine === 'lease' ? { tcp: { send: '?', expect: answer } } : {}),
      },
      failover: {
        ...(isEventual ? eventual : failover),
        ...{ leaseDuration, neverPrimary, preferredPrimary },
      },
      ...(chaos === undefined ? {} : { chaos }),
      // Who lets several members be hit together must allow it here, too.
      ...(chaos?.minHealthy === undefined ? {} : { placement: { disruptionBudget: 2 } }),
    });
    parsed.set(key, spec);
  }
  return spec;
}

/** Whether a spec promises that nothing acknowledged is lost, and no two lead. */
export const isStrong = ({ failover }: Spec): boolean => failover.consistency === 'Strong';

export function behaviourOf(
  engine: Engine,
  keepsVolumes = true,
  chaos?: ChaosSpec,
): MemberBehaviour {
  // Longer than what the operator waits for if it knows nothing of it.
  const leaseDuration = engine === 'lease' && keepsVolumes ? '20s' : firstWish.leaseDuration;
  const wish = { ...firstWish, keepsVolumes, chaos, leaseDuration };
  return {
    engine,
    wish,
    spec: specOf(engine, wish),
    replicates: engine !== 'lease',
    anyFollower: engine.startsWith('redis'),
    forgetsPosition: engine.startsWith('redis'),
    lease: engine === 'lease',
    isStrong: !engine.endsWith('-eventual'),
    keepsVolumes,
  };
}
