import type { Pod } from '../../../src/kube/api-types.ts';
import { isReady } from '../../framework/state.ts';
import type { Kube } from './kube.ts';
import { type BenchSystem, databaseResources } from './bench-system.ts';
import { redisImage } from './sentinel-objects.ts';

const labels = { app: 'redis-plain' };
const settleMs = 120_000;

/**
 * One Redis in a Deployment, without a volume: what Kubernetes does by itself. Probed each second, killed after two failures, as
 * with HAService's default, with a grace period of a second: the fastest setting that still tolerates one lost answer.
 */
export class UnmanagedRedis implements BenchSystem {
  readonly name = 'redis-plain';
  readonly title = 'Kubernetes, 1 Redis';
  readonly engine = 'redis';
  readonly #kube: Kube;

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  deploy(): Promise<void> {
    const probe = {
      exec: { command: ['redis-cli', 'ping'] },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 2,
    };
    const metadata = { name: this.name };
    return this.#kube.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [
                {
                  name: 'redis',
                  image: redisImage,
                  imagePullPolicy: 'IfNotPresent',
                  resources: databaseResources,
                  readinessProbe: probe,
                  livenessProbe: { ...probe, terminationGracePeriodSeconds: 1 },
                },
              ],
            },
          },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ port: 6379 }] },
      },
    ]);
  }

  untilHealthy(): Promise<Pod> {
    return this.#kube.until('the Redis Deployment to be ready', settleMs, async () => {
      const pods = await this.#kube.pods(`app=${labels.app}`);
      const [pod] = pods;
      return pod !== undefined && pods.length === 1 && isReady(pod) ? pod : undefined;
    });
  }

  async clientUrl(): Promise<string> {
    const { spec } = (await this.#kube.get('service', this.name)) as {
      spec?: { clusterIP?: string };
    };
    return `redis://${spec?.clusterIP}:6379`;
  }

  memberUrl(pod: Pod): string {
    return `redis://${pod.status?.podIP}:6379`;
  }
}
