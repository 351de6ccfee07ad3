import { nameLabel } from '../../src/api/labels.ts';
import type { HAService } from '../../src/api/haservice.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type ResourceType, nodes, pods } from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import type { KubeObject, Node, Pod } from '../../src/kube/api-types.ts';
import { baselineLabels } from './baseline.ts';
import { firstFound } from './first-found.ts';
import { follow } from './follow.ts';

/** By which the pods of clients are found. */
export const clientLabels = { app: 'client' };

const selectorOf = (labels: Record<string, string>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** What the API server has of the resources that are measured, as it changes. */
export class Live {
  readonly services = new Store<HAService>();
  /** Pods of HAServices. */
  readonly members = new Store<Pod>();
  /** Pods of the plain Deployment. */
  readonly plain = new Store<Pod>();
  readonly clients = new Store<Pod>();
  readonly nodes = new Store<Node>();
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<() => void>();

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Ends with the signal. */
  static async open(client: KubeClient, signal: AbortSignal): Promise<Live> {
    const live = new Live(signal);
    const filled = [
      live.#follow(client, haServices, live.services),
      live.#follow(client, pods, live.members, nameLabel),
      live.#follow(client, pods, live.plain, selectorOf(baselineLabels)),
      live.#follow(client, pods, live.clients, selectorOf(clientLabels)),
      live.#follow(client, nodes, live.nodes),
    ];
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([Promise.all(filled), stopped]);
    return live;
  }

  #follow<T extends KubeObject>(
    client: KubeClient,
    type: ResourceType<T>,
    store: Store<T>,
    labelSelector?: string,
  ): Promise<void> {
    store.onChange(() => {
      for (const listener of this.#listeners) listener();
    });
    return follow(client, type, store, this.#signal, labelSelector);
  }

  /** Pods of one HAService. */
  membersOf({ namespace, name }: { namespace: string; name: string }): Pod[] {
    return this.members
      .list()
      .filter(
        ({ metadata }) =>
          metadata?.namespace === namespace && metadata.labels?.[nameLabel] === name,
      );
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first thing other than undefined that `read` finds, now or after a change.
   *
   * @param what completes "gave up waiting for ...". @throws Error after `timeoutMs`.
   */
  until<T>(what: string, read: () => T | undefined, timeoutMs: number): Promise<T> {
    return firstFound((listener) => this.onChange(listener), read, {
      timeoutMs,
      late: () => new Error(`gave up waiting for ${what} after ${timeoutMs / 1_000} s`),
      signal: this.#signal,
    });
  }
}
