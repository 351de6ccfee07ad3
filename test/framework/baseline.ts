import type { KubeObject } from '../../src/kube/api-types.ts';

export const baselineName = 'plain';
export const baselineLabels = { app: baselineName };

/**
 * What a careful user writes without an operator: the same image and number of replicas, spread over zones, and the
 * keenest readiness probe that still forgives one lost answer. It asks each second and gives up after two failures, so
 * it bears two seconds of silence: as many as HAService does by default.
 *
 * All three replicas serve, so a fault hits a third of the new connections here, and all of them with HAService until
 * the primary is replaced. How many requests fail is therefore no fair comparison by itself; how long it lasts is.
 */
export function baseline(namespace: string): KubeObject[] {
  const metadata = { name: baselineName, namespace, labels: baselineLabels };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 3,
      selector: { matchLabels: baselineLabels },
      template: {
        metadata: { labels: baselineLabels },
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'topology.kubernetes.io/zone',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: baselineLabels },
            },
          ],
          containers: [
            {
              name: 'nginx',
              image: 'nginx:stable',
              imagePullPolicy: 'IfNotPresent',
              ports: [{ containerPort: 80 }],
              readinessProbe: {
                httpGet: { path: '/', port: 80 },
                periodSeconds: 1,
                timeoutSeconds: 1,
                failureThreshold: 2,
              },
            },
          ],
        },
      },
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: baselineLabels, ports: [{ port: 80 }] },
  };
  return [deployment, service];
}
