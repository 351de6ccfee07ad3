import { specSchema } from '../../src/api/spec.ts';
import type { Spec } from '../../src/api/spec.ts';

/** How a program behaves, as far as decisions can tell. */
export interface Habits {
  engine: Engine;
  /** As it is at first. */
  spec: Spec;
  /** A write waits for acknowledgements of followers, who hold what the leader holds. Without: each writes for itself. */
  replicates: boolean;
  /** Any follower's acknowledgement counts, not only those of the named: Redis' WAIT. */
  anyFollower: boolean;
  /** A restart loses the position, not the data: Redis counts anew. */
  forgetsPosition: boolean;
  /** A leader ends by itself when it is granted no more time. */
  lease: boolean;
  /** Whatever was acknowledged is kept. */
  isStrong: boolean;
  /** Volumes outlive their pods. */
  keepsVolumes: boolean;
  /** A planted fault: a leader waits for one acknowledgement less than it says. */
  fewerAcks?: boolean;
  /** A planted fault: what is only being made a copy acknowledges. */
  clonesAcknowledge?: boolean;
  /** A planted fault: a promotion makes a copy take for written what is not on its disk yet. */
  forgetsOldLog?: boolean;
  /** A planted fault: an order of any epoch is accepted. */
  anyEpoch?: boolean;
  /** A planted fault: a leader goes back to a sync set of before, where an order comes late. */
  anyRevision?: boolean;
  /** A planted fault: members do not tell in which log their positions count. */
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
const specs: Record<Engine, object> = {
  postgres: { ...postgres, failover: strong },
  redis: { ...redis, failover: strong },
  'postgres-eventual': { ...postgres, failover: eventual },
  'redis-eventual': { ...redis, failover: eventual },
  lease: { engine: { type: 'TCP' }, failover: strong },
};

const volume = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

/** What a user changes of a spec. */
export interface Wish {
  replicas: number;
  image: string;
  paused: boolean;
  keepsVolumes: boolean;
  /** Only of what promises Strong. */
  isEventual: boolean;
}

const firstWish: Wish = {
  ...{ replicas: 3, image: 'program', paused: false },
  ...{ keepsVolumes: true, isEventual: false },
};

/** Each is parsed once: decisions remember hashes by the spec's identity. */
const parsed = new Map<string, Spec>();

export function specOf(engine: Engine, wish: Wish): Spec {
  const { replicas, image, paused, keepsVolumes, isEventual } = wish;
  const key = [engine, replicas, image, paused, keepsVolumes, isEventual].join();
  let spec = parsed.get(key);
  if (spec === undefined) {
    spec = specSchema.parse({
      ports: [{ port: 80 }],
      replicas,
      paused,
      ...(keepsVolumes ? { volumeClaimTemplates: [volume] } : {}),
      template: { spec: { containers: [{ name: 'main', image, command: ['program'] }] } },
      ...specs[engine],
      ...(isEventual ? { failover: eventual } : {}),
    });
    parsed.set(key, spec);
  }
  return spec;
}

/** Whether a spec promises that nothing acknowledged is lost, and no two lead. */
export const isStrong = ({ failover }: Spec): boolean => failover.consistency === 'Strong';

export function habitsOf(engine: Engine, keepsVolumes = true): Habits {
  return {
    engine,
    spec: specOf(engine, { ...firstWish, keepsVolumes }),
    replicates: engine !== 'lease',
    anyFollower: engine.startsWith('redis'),
    forgetsPosition: engine.startsWith('redis'),
    lease: engine === 'lease',
    isStrong: !engine.endsWith('-eventual'),
    keepsVolumes,
  };
}
