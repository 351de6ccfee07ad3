import type { KubeObject } from '../../../src/kube/api-types.ts';
import type { DatabaseOptions } from '../../workload/torture/session.ts';
import { passwordSecret, tlsSecret } from './credentials.ts';
import { clockParts } from '../clocks/member-clocks.ts';

export type EngineName = DatabaseOptions['engine'];
export type Consistency = 'Strong' | 'Eventual';

/** The service that is tested. */
export interface Target {
  engine: EngineName;
  consistency: Consistency;
  /** A database with a certificate. */
  hasTls: boolean;
}

export const serviceName = 'target';
export const memberCount = 3;
/** All possible names: if a pod cannot be replaced, another one is created beside it, and the service may be scaled up. */
export const memberNames = Array.from({ length: 4 * memberCount }, (_, i) => `${serviceName}-${i}`);

/** How many copies must have a write: with the primary, a majority of the members. */
export const acksOf = (
  { consistency }: Pick<Target, 'consistency'>,
  members = memberCount,
): number => (consistency === 'Strong' ? Math.floor(members / 2) : 0);

/** Whether writes can be read back: the member program does not store them. */
export const keepsWrites = ({ engine }: Pick<Target, 'engine'>): boolean => engine !== 'http';

/** On a busy machine a pod without a request gets no CPU time: that would be a fault by chance, not by seed. */
const resources = { requests: { cpu: '400m' } };

interface Engine {
  port: number;
  /** How often a client does an operation, on a kept connection and on a new one, and how many of them are reads. */
  client: { keptMs: number; newMs: number; readEvery: number };
  /** Parts of the HAService's spec. */
  spec: () => Record<string, unknown> & { engine: object };
}

interface Program {
  name: string;
  image: string;
  command?: string[];
  env?: object[];
}

/** A pod with one container whose wall clock can be set. */
const podTemplate = ({ env = [], ...container }: Program, mounts: object[] = []) => ({
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        ...container,
        imagePullPolicy: 'IfNotPresent',
        resources,
        env: [...env, ...clockParts.container.env],
        volumeMounts: [...mounts, ...clockParts.container.volumeMounts],
      },
    ],
    volumes: [clockParts.volume],
  },
});

const volume = (mountPath: string) => ({
  mounts: [{ name: 'data', mountPath }],
  claims: [
    {
      metadata: { name: 'data' },
      spec: {
        storageClassName: 'local',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      },
    },
  ],
});

const database = (type: 'Redis' | 'Postgres', container: Program, folder: string) => {
  const { mounts, claims } = volume(folder);
  return {
    topology: 'LeaderFollower',
    engine: { type, passwordSecret },
    template: podTemplate(container, mounts),
    volumeClaimTemplates: claims,
  };
};

export const engines: Record<EngineName, Engine> = {
  redis: {
    port: 6379,
    client: { keptMs: 10, newMs: 20, readEvery: 10 },
    spec: () => database('Redis', { name: 'redis', image: 'docker.io/library/redis:7' }, '/data'),
  },
  postgres: {
    port: 5432,
    // A new connection is a new process in Postgres.
    client: { keptMs: 10, newMs: 100, readEvery: 25 },
    spec: () =>
      database(
        'Postgres',
        { name: 'postgres', image: 'docker.io/library/postgres:15' },
        '/var/lib/postgresql',
      ),
  },
  http: {
    port: 8080,
    client: { keptMs: 10, newMs: 20, readEvery: 0 },
    spec: () => ({
      topology: 'ActivePassive',
      engine: {
        type: 'HTTP',
        http: { path: '/healthz' },
        promote: { path: '/promote' },
        demote: { path: '/demote' },
      },
      template: podTemplate({
        name: 'member',
        image: 'docker.io/library/haservice-workload:dev',
        command: ['/usr/bin/node', '/app/workload.mjs', 'member'],
        env: [
          { name: 'HOOKS', value: 'true' },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
      }),
    }),
  },
};

/** The HAService, with ten heartbeats a second and a timeout of a second. */
export function targetService(target: Target, namespace: string): KubeObject {
  const { port, spec } = engines[target.engine];
  const { engine, ...rest } = spec();
  const service = {
    apiVersion: 'haservice.dev/v1alpha1',
    kind: 'HAService',
    metadata: { name: serviceName, namespace },
    spec: {
      replicas: memberCount,
      ports: [{ port }],
      heartbeat: { interval: '100ms', timeout: '1s' },
      failover: { consistency: target.consistency, minInterval: '0s', leaseDuration: '3s' },
      // Experiments begin on request: the fault `experiment`.
      chaos: { minPodAge: '0s', recoveryObjective: '1m', onFailure: 'Continue', historyLimit: 50 },
      ...rest,
      engine: { ...engine, ...(target.hasTls && { tls: { secretName: tlsSecret } }) },
    },
  };
  return service;
}

/** A client on a node: a client on a node that is cut off can reach the members that are cut off with it. */
export function clientPod(namespace: string, name: string, node: string) {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'torture' } },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'client',
          image: 'docker.io/library/haservice-workload:dev',
          imagePullPolicy: 'IfNotPresent',
          resources,
          args: ['torture'],
        },
      ],
    },
  };
  return pod as KubeObject;
}
