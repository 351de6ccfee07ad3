import type { KubeObject } from '../../src/kube/api-types.ts';
import type { World } from './world.ts';

export const password = 'correct horse';

/** The Secret that databases of tests take their password from. */
export const secret = (): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'database' },
    stringData: { password },
  }) as KubeObject;

interface Database {
  image: string;
  port: number;
  dataDir: string;
}

const databases = {
  Redis: { image: 'docker.io/library/redis:7', port: 6379, dataDir: '/data' },
  Postgres: {
    image: 'docker.io/library/postgres:15',
    port: 5432,
    dataDir: '/var/lib/postgresql/data',
  },
} as const satisfies Record<string, Database>;

export type DatabaseType = keyof typeof databases;

export interface DatabaseOptions {
  consistency?: 'Strong' | 'Eventual';
  /** Fields of spec that replace those of the default one. */
  spec?: Record<string, unknown>;
  /** Fields of spec.engine besides. */
  engine?: Record<string, unknown>;
  /** Fields of the container besides. */
  container?: Record<string, unknown>;
  /** Whether each member has a volume of its own, that outlives its pod. */
  volumes?: boolean;
}

/** Three members of a real database, as examples/ has them. */
export function database(
  name: string,
  type: DatabaseType,
  {
    consistency = 'Strong',
    spec = {},
    engine = {},
    container = {},
    volumes = true,
  }: DatabaseOptions = {},
): KubeObject {
  const { image, port, dataDir } = databases[type];
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  return {
    apiVersion: 'haservice.dev/v1alpha1',
    kind: 'HAService',
    metadata: { name },
    spec: {
      topology: 'LeaderFollower',
      replicas: 3,
      ports: [{ port }],
      engine: { type, passwordSecret: { name: 'database' }, ...engine },
      heartbeat: { interval: '100ms', timeout: '1s' },
      failover: { consistency, minInterval: '0s' },
      template: {
        spec: {
          terminationGracePeriodSeconds: 5,
          securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
          containers: [
            {
              ...{ name: 'database', image, ...container },
              volumeMounts: [{ name: 'data', mountPath: dataDir }],
            },
          ],
          ...(volumes ? {} : { volumes: [{ name: 'data', emptyDir: {} }] }),
        },
      },
      ...(volumes ? { volumeClaimTemplates: [claim] } : {}),
      ...spec,
    },
  } as KubeObject;
}

/** Asks a pod's Redis. */
export const redis = (world: World, pod: string, ...args: string[]): Promise<string> =>
  exec(world, pod, ['redis-cli', '--no-auth-warning', '-a', password, ...args]);

/** Asks a pod's Postgres. */
export const sql = (world: World, pod: string, statement: string): Promise<string> =>
  exec(world, pod, [
    ...[
      'env',
      `PGPASSWORD=${password}`,
      'psql',
      '-h',
      '127.0.0.1',
      '-U',
      'postgres',
      '-d',
      'postgres',
    ],
    ...['-v', 'ON_ERROR_STOP=1', '-Atqc', statement],
  ]);

const exec = async (world: World, pod: string, command: string[]): Promise<string> =>
  (await world.kubectl(['exec', pod, '-c', 'database', '--', ...command])).trim();
