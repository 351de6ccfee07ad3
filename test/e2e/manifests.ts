import type { KubeObject } from '../../src/kube/api-types.ts';

export const workloadImage = 'docker.io/library/haservice-workload:dev';

export interface ServiceOptions {
  /** Fields of spec that replace those of the default one. */
  spec?: Record<string, unknown>;
  /** Environment of the member program: see test/workload/member/settings.ts. */
  env?: Record<string, string>;
}

const podName = { fieldRef: { fieldPath: 'metadata.name' } };

/** A pod template with the member program. */
export const memberTemplate = (env: Record<string, string> = {}) => ({
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'member',
        image: workloadImage,
        env: [
          { name: 'POD_NAME', valueFrom: podName },
          ...Object.entries(env).map(([name, value]) => ({ name, value })),
        ],
      },
    ],
  },
});

/** An HAService of three members, heard four times a second. */
export const haService = (name: string, { spec, env }: ServiceOptions = {}): KubeObject =>
  ({
    apiVersion: 'haservice.dev/v1alpha1',
    kind: 'HAService',
    metadata: { name },
    spec: {
      topology: 'ActivePassive',
      replicas: 3,
      ports: [{ port: 80, targetPort: 8080 }],
      engine: { type: 'HTTP', http: { path: '/healthz' } },
      heartbeat: { interval: '250ms', timeout: '3s' },
      failover: { minInterval: '0s' },
      template: memberTemplate(env),
      ...spec,
    },
  }) as KubeObject;

/** With hooks the members know the primary, and a standby takes no writes. */
export const withHooks: ServiceOptions = {
  env: { HOOKS: 'true' },
  spec: {
    engine: {
      type: 'HTTP',
      port: 8080,
      http: { path: '/healthz' },
      promote: { path: '/promote' },
      demote: { path: '/demote' },
    },
  },
};
