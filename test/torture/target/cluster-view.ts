import { nameLabel } from '../../../src/api/labels.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import type { ExperimentRecord } from '../../../src/api/chaos-status.ts';
import type { Status } from '../../../src/api/status.ts';
import { haServices } from '../../../src/controller/state/resource-type.ts';
import { endpointSlices, pods, services } from '../../../src/kube/resources.ts';
import { Store } from '../../../src/kube/store.ts';
import type { EndpointSlice, Pod, Service } from '../../../src/kube/api-types.ts';
import type { Api } from '../../framework/api.ts';
import { firstFound } from '../../framework/first-found.ts';
import { follow } from '../../framework/follow.ts';
import { operatorNamespace } from '../../framework/operator.ts';
import { isReady, isSettled } from '../../framework/state.ts';
import type { PodsByRole, TargetPod } from '../nemesis/fault-tools.ts';
import { memberCount, serviceName } from './engines.ts';
import { Leaders } from './leaders.ts';

/** The service and its pods, as the API server reports them, kept current. During an outage it has the last known state. */
export class ClusterView implements PodsByRole {
  readonly leaders = new Leaders();
  readonly #namespace: string;
  readonly #services = new Store<HAService>();
  readonly #pods = new Store<Pod>();
  readonly #virtual = new Store<Service>();
  readonly #slices = new Store<EndpointSlice>();
  readonly #listeners = new Set<() => void>();

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Ends with the signal. */
  static async open(api: Api, namespace: string, signal: AbortSignal): Promise<ClusterView> {
    const view = new ClusterView(namespace);
    const changed = () => {
      view.#note();
      for (const listener of [...view.#listeners]) listener();
    };
    view.#services.onChange(changed);
    view.#pods.onChange(changed);
    view.#slices.onChange(changed);
    view.#virtual.onChange(changed);
    await Promise.all([
      follow(api.client, haServices, view.#services, signal),
      follow(api.client, pods, view.#pods, signal),
      follow(api.client, endpointSlices, view.#slices, signal),
      follow(api.client, services, view.#virtual, signal),
    ]);
    return view;
  }

  get status(): Status {
    return this.#services.get(this.#namespace, serviceName)?.status ?? {};
  }

  /** The experiments after this one, newest first. */
  experiments(after: number): ExperimentRecord[] {
    return (this.status.chaos?.history ?? []).filter(({ id }) => id > after);
  }

  /** Address of the Service that takes writes. */
  get address(): string | undefined {
    return this.#virtual.get(this.#namespace, serviceName)?.spec?.clusterIP;
  }

  primary(): TargetPod | undefined {
    return this.members().find(({ name }) => name === this.status.primary);
  }

  followers(): TargetPod[] {
    return this.members().filter(({ name }) => name !== this.status.primary);
  }

  operator(): TargetPod | undefined {
    const all = this.#operatorPods();
    return targetPods(all.filter(isReady))[0] ?? targetPods(all)[0];
  }

  members(): TargetPod[] {
    return targetPods(this.#memberPods());
  }

  isRunning(pod: string): boolean {
    return this.#pods.get(this.#namespace, pod)?.status?.phase === 'Running';
  }

  /** What is still wrong after the end of all faults; undefined if all is healthy. */
  whyNotConverged(): string | undefined {
    const service = this.#services.get(this.#namespace, serviceName);
    const { status } = this;
    if (service === undefined || !isSettled(service) || status.phase !== 'Healthy') {
      return `status: ${status.phase ?? 'none'}, primary ${status.primary ?? 'none'}, members ${this.#describeMembers()}`;
    }
    if (status.chaos?.experiment !== undefined)
      return `experiment ${status.chaos.experiment.id} is ${status.chaos.experiment.phase}`;
    if (status.fencing !== undefined)
      return `the fence of epoch ${status.fencing.epoch} is in progress`;
    const wrong = status.members?.find(
      ({ pod, state }) =>
        state !== undefined &&
        state !== (pod === status.primary ? 'Leading' : 'Following') &&
        // Members of an engine that only has a lease do not follow.
        state !== 'Detached',
    );
    if (wrong !== undefined) return `${wrong.pod} is ${wrong.state ?? ''}`;
    const ready = this.#memberPods().filter(isReady);
    if (ready.length !== memberCount) return `${ready.length} of ${memberCount} pods are ready`;
    const { generation } = service.metadata;
    if (status.observedGeneration !== generation)
      return `the status is of generation ${status.observedGeneration ?? 0}, the spec of ${generation ?? 0}`;
    const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
    if (progressing?.status === 'True') return `it is in progress: ${progressing.message}`;
    // Without an operator the status may be an old one.
    if (!this.#operatorPods().some(isReady)) return 'the operator is not ready';
    const behind = this.#behind();
    if (behind !== this.primary()?.address)
      return `the Service points at ${behind || 'no pod'}, not at the primary`;
    return undefined;
  }

  /** The failovers after this epoch, in words. */
  failovers(epoch: number): string[] {
    const later = (this.status.failovers ?? []).filter((record) => record.epoch > epoch);
    return later
      .toReversed()
      .map((record) =>
        [
          `epoch ${record.epoch}: ${record.from ?? 'none'} to ${record.to}, ${record.trigger}, ${record.outcome}`,
          ...Object.entries(record).flatMap(([name, value]) =>
            typeof value === 'number' && name.endsWith('Ms') ? [`${name} ${value}`] : [],
          ),
        ].join(', '),
      );
  }

  /** Waits until nothing is wrong. @throws Error that says what is. */
  converged(timeoutMs: number, signal: AbortSignal): Promise<true> {
    return this.until(
      () => (this.whyNotConverged() === undefined ? true : undefined),
      () => `${this.whyNotConverged() ?? ''}; conditions: ${this.#describeConditions()}`,
      timeoutMs,
      signal,
    );
  }

  until<T>(
    read: () => T | undefined,
    wrong: () => string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<T> {
    const onChange = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const late = () => new Error(`after ${timeoutMs / 1_000} s: ${wrong()}`);
    return firstFound(onChange, read, { timeoutMs, late, signal });
  }

  #note(): void {
    for (const { name, uid, address } of this.members()) this.leaders.sawPod(name, uid, address);
    const { primary, primaryUID, epoch, failovers = [] } = this.status;
    for (const record of failovers) this.leaders.sawLeader(record.epoch, record.to);
    if (primary !== undefined && epoch !== undefined) {
      this.leaders.sawLeader(this.status.ledEpoch ?? epoch, primary, primaryUID);
    }
  }

  #memberPods(): Pod[] {
    return this.#pods
      .list()
      .filter(
        ({ metadata }) =>
          metadata?.namespace === this.#namespace && metadata.labels?.[nameLabel] === serviceName,
      );
  }

  #operatorPods(): Pod[] {
    return this.#pods.list().filter(({ metadata }) => metadata?.namespace === operatorNamespace);
  }

  /** Addresses behind the Service. */
  #behind(): string {
    return this.#slices
      .list()
      .filter(
        ({ metadata }) =>
          metadata?.namespace === this.#namespace &&
          metadata.labels?.['kubernetes.io/service-name'] === serviceName,
      )
      .flatMap(({ endpoints }) => endpoints ?? [])
      .flatMap(({ addresses }) => addresses)
      .join();
  }

  #describeMembers(): string {
    const members = this.status.members ?? [];
    return members.map(({ pod, health, state }) => `${pod} ${health} ${state ?? ''}`).join(', ');
  }

  #describeConditions(): string {
    return (this.status.conditions ?? [])
      .map(({ type, status, reason, message }) => `${type}=${status} ${reason} (${message})`)
      .join(', ');
  }
}

function targetPods(all: Pod[]): TargetPod[] {
  return all.flatMap(({ metadata, spec, status }) => {
    const { namespace, name, uid } = metadata ?? {};
    const [node, address] = [spec?.nodeName, status?.podIP];
    if (namespace === undefined || name === undefined || uid === undefined) return [];
    return node === undefined || address === undefined
      ? []
      : [{ namespace, name, uid, node, address }];
  });
}
