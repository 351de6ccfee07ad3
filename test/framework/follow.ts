import { systemClock } from '../../src/lib/clock.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import type { ResourceType } from '../../src/kube/resources.ts';
import type { Store } from '../../src/kube/store.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { silentLog } from '../../src/lib/log.ts';

/** Keeps a store equal to what the API server has, until the signal. Resolves when it has been filled once. */
export function follow<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  store: Store<T>,
  signal: AbortSignal,
  labelSelector?: string,
): Promise<void> {
  const reflector = new Reflector<T>({
    client,
    type,
    store,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    ...(labelSelector === undefined ? {} : { labelSelector }),
  });
  void reflector.run(signal);
  return reflector.synced;
}
