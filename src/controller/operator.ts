import { chaosDisabled, chaosLabel, nameLabel } from '../api/labels.ts';
import { settingsName } from '../api/operator-settings.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { askSteadyState } from './act/steady-state-request.ts';
import type { KubeClient } from '../kube/client.ts';
import { driverOf } from '../kube/drive.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts';
import {
  type ResourceType,
  configMaps,
  endpointSlices,
  namespaces,
  nodes,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  services,
} from '../kube/resources.ts';
import type { Store } from '../kube/store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { sendRoleCommand } from './act/send-role-command.ts';
import { ControlLoop, type ControlLoopOptions } from './control-loop.ts';
import { haServices } from './state/resource-type.ts';

export interface OperatorOptions extends Pick<
  ControlLoopOptions,
  'clock' | 'random' | 'log' | 'namespace' | 'nodeName' | 'unsafe' | 'self' | 'agentImage'
> {
  client: KubeClient;
  metrics: Metrics;
  /** Name of this process in Events. */
  instance: string;
  /** The namespaces whose resources it works on. Default: all. */
  watchNamespaces: readonly string[] | undefined;
  /** The settings name other namespaces than `watchNamespaces`: the process is to end, and the next one begins with these. */
  onOtherNamespaces: () => void;
}

type Selection = Pick<
  ReflectorOptions<KubeObject>,
  'namespace' | 'labelSelector' | 'fieldSelector' | 'optional'
>;

/** The control loop on a cluster: watches fill its caches, and it writes Events. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #loop: ControlLoop;
  readonly #events: EventRecorder;
  readonly #reflectors: { reflector: Reflector<KubeObject>; kind: string }[] = [];

  constructor(options: OperatorOptions) {
    const { client, clock, log, instance } = options;
    this.#options = options;
    const component = 'haservice-operator';
    this.#events = new EventRecorder({ client, clock, component, instance, log });
    this.#loop = new ControlLoop({
      ...options,
      drive: driverOf(client),
      sendRoleCommand,
      askSteadyState: (request, signal, done) =>
        void askSteadyState(request, signal).then(done, (error: unknown) => done(String(error))),
      events: this.#events,
    });
    const { stores } = this.#loop;
    const labelled = { labelSelector: nameLabel };
    this.#watchNamespaces(haServices, stores.resources);
    this.#watchNamespaces(pods, stores.pods, labelled);
    this.#watchNamespaces(services, stores.services);
    this.#watchNamespaces(endpointSlices, stores.slices, labelled);
    this.#watchNamespaces(podDisruptionBudgets, stores.budgets, labelled);
    // The role of an earlier version lacks the right to list them: failovers must not wait for that.
    this.#watchNamespaces(persistentVolumeClaims, stores.claims, { ...labelled, optional: true });
    this.#watch(nodes, stores.nodes);
    const labelSelector = `${chaosLabel}=${chaosDisabled}`;
    this.#watch(namespaces, stores.optedOutNamespaces, { labelSelector, optional: true });
    this.#watchSettings();
  }

  #watchSettings(): void {
    const { stores, settings } = this.#loop;
    const { ref } = settings;
    if (ref === undefined) {
      const why = 'POD_NAMESPACE is not set: the default settings hold, and no ConfigMap is read';
      this.#options.log.info({ configMap: settingsName }, why);
      stores.settings.replace([], '');
      return;
    }
    const { namespace, name } = ref;
    const fieldSelector = `metadata.name=${name}`;
    stores.settings.completeness.expect([namespace]);
    this.#watch(configMaps, stores.settings, { namespace, fieldSelector, optional: true });
    stores.settings.onChange(() => this.#compareNamespaces());
    stores.settings.completeness.onChange(() => this.#compareNamespaces());
  }

  /** Watches, caches and their completeness are made for the namespaces with which this process has started. */
  #compareNamespaces(): void {
    const { settings } = this.#loop;
    const { watchNamespaces, onOtherNamespaces, log } = this.#options;
    const { namespaces: wished } = settings.current;
    const nameOf = (list: readonly string[] | undefined) =>
      list === undefined ? 'all namespaces' : [...new Set(list)].sort().join(', ');
    if (!settings.known || nameOf(wished) === nameOf(watchNamespaces)) return;
    const note = `the operator starts again to work on ${nameOf(wished)}, after ${nameOf(watchNamespaces)}`;
    log.info({ reason: 'NamespacesChanged' }, note);
    settings.tell('Normal', 'NamespacesChanged', note);
    onOtherNamespaces();
  }

  /** The kinds whose caches are not filled yet, and what a person must do, in a clause; undefined if all are filled. */
  notReady(): string | undefined {
    const missing = this.#reflectors.filter(
      ({ reflector }) => !reflector.hasSynced() || reflector.isUnknown,
    );
    if (missing.length === 0) return undefined;
    const kinds = new Set(missing.map(({ kind }) => kind));
    const lacks = new Set(missing.flatMap(({ reflector }) => reflector.lack ?? []));
    return [`waiting for the list of ${[...kinds].join(', ')}`, ...lacks].join('; ');
  }

  /** Runs until the signal; then finishes the reconciles that are under way, within five seconds. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    const startedAt = clock.now();
    this.#loop.watchApiServerHealth(signal);
    const watching = this.#reflectors.map(({ reflector }) => reflector.run(signal));
    await Promise.race([
      Promise.all(this.#reflectors.map(({ reflector }) => reflector.synced)),
      new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
    ]);
    if (!signal.aborted) {
      log.info({ ms: Math.round(clock.now() - startedAt) }, 'all caches are filled');
      await this.#loop.run(signal);
    }
    await Promise.all(watching);
    this.#loop.close();
    await this.#events.flush(AbortSignal.timeout(2_000));
  }

  /**
   * Watches a kind in each namespace that the operator works on. If it has no right to one of several, it works on the others:
   * see Stores.isKnown.
   */
  #watchNamespaces<T extends KubeObject>(
    type: ResourceType<T>,
    store: Store<T>,
    selection: Selection = {},
  ): void {
    const { watchNamespaces } = this.#options;
    if (watchNamespaces === undefined) return this.#watch(type, store, selection);
    store.completeness.expect(watchNamespaces);
    for (const namespace of watchNamespaces) {
      this.#watch(type, store, { ...selection, namespace, optional: true });
    }
  }

  #watch<T extends KubeObject>(
    type: ResourceType<T>,
    store: Store<T>,
    selection: Selection = {},
  ): void {
    const { client, clock, random, log } = this.#options;
    const reflector = new Reflector<T>({ client, type, store, clock, random, log, ...selection });
    this.#reflectors.push({
      reflector: reflector as unknown as Reflector<KubeObject>,
      kind: type.kind,
    });
  }
}
