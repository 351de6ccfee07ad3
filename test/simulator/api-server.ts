import { type HAService, apiVersion, kind } from '../../src/api/haservice.ts';
import type { Spec } from '../../src/api/spec.ts';
import type { Status } from '../../src/api/status.ts';
import { serviceNames, sliceName } from '../../src/core/model/naming.ts';
import type { ApiRequest } from '../../src/kube/api-request.ts';
import type { EndpointSlice, KubeObject, Pod } from '../../src/kube/api-types.ts';
import type { Ref } from '../../src/kube/resources.ts';
import type { Kernel } from './kernel.ts';
import { changed } from '../../src/controller/testing/merge-patch.ts';
import { mayEvict } from './disruption-budget.ts';
import { bound, cordoned, nodeNames, nodeOf, schedule } from './nodes.ts';
import { checkVersion, refuse } from './refusals.ts';
import { subject } from './subject.ts';
import { t0, timestamp } from './time.ts';

export interface Change {
  kind: string;
  object: KubeObject;
  isGone: boolean;
}

export type ServiceObject = HAService & { spec: Spec; status: Status };
type Objects = ReadonlyMap<string, KubeObject>;

/** What an API server holds, to begin another with. */
export interface Snapshot {
  version: number;
  objects: ReadonlyMap<string, Objects>;
}

/** Objects with resource versions, compare-and-swap, and watches. Every object is replaced whole, never changed. */
export class ApiServer {
  /** Every change, at the moment in which it is made. */
  readonly watchers = new Set<(change: Change) => void>();
  /** UID of the operator's pod. */
  operator = '';
  /** Called before a status is replaced. */
  onStatus: (before: Status, after: Status) => void = () => {};
  /** What a user is about to apply again, after its deletion. */
  deleted: ServiceObject | undefined;
  readonly #kernel: Kernel;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  #version = 1;
  #serial = 0;

  constructor(kernel: Kernel, spec: Spec) {
    this.#kernel = kernel;
    const { name, namespace, uid, createdAtMs } = subject;
    const creationTimestamp = timestamp(createdAtMs);
    const metadata = { name, namespace, uid, generation: 1, creationTimestamp };
    this.put('haservices', { apiVersion, kind, metadata, spec, status: {} } as KubeObject);
    for (const name of nodeNames) this.put('nodes', nodeOf(name));
  }

  get version(): number {
    return this.#version;
  }

  /** As it was last, if it is deleted at present. */
  get service(): ServiceObject {
    const found = this.#of('haservices').get(subject.name);
    return (found ?? this.deleted) as ServiceObject;
  }

  get pods(): Pod[] {
    return [...this.#of('pods').values()];
  }

  /** UIDs of the pods behind the write Service. */
  get endpoints(): string[] {
    const name = sliceName(serviceNames(subject.name).write, false);
    const slice = this.#of('endpointslices').get(name) as EndpointSlice | undefined;
    return (slice?.endpoints ?? []).map(({ targetRef }) => targetRef?.uid ?? '');
  }

  /** UIDs are not used twice. */
  newUid = (name: string): string => `${name}.${this.#serial++}`;

  get kinds(): string[] {
    return [...this.#objects.keys()];
  }

  snapshot(): Snapshot {
    const objects = new Map([...this.#objects].map(([kind, all]) => [kind, new Map(all)]));
    return { version: this.#version, objects };
  }

  /** Begins with a service that has been there for long. */
  restore({ version, objects }: Snapshot): void {
    this.#version = version;
    for (const [kind, all] of objects) this.#objects.set(kind, new Map(all));
    // UIDs are not used twice.
    this.#serial = 100;
  }

  list(kind: string): KubeObject[] {
    return [...this.#of(kind).values()];
  }

  /** @throws HAError as KubeClient throws it. */
  answer(request: ApiRequest): unknown {
    switch (request.verb) {
      case 'ping':
      case 'reset':
        return undefined;
      case 'get':
        return this.#get(request.type.plural, request.ref);
      case 'create':
        return this.#create(request.type.plural, request.object, request.dryRun !== undefined);
      case 'apply': {
        const { name = '', ...metadata } = request.object.metadata ?? {};
        const patch = { ...request.object, metadata };
        return this.#patch(request.type.plural, name, patch);
      }
      case 'mergePatch':
        return this.#patch(request.type.plural, request.ref.name, request.patch);
      case 'replaceStatus':
        return this.#replaceStatus(request.object as ServiceObject);
      case 'delete':
        return this.#delete(request.type.plural, request.ref.name, request);
      case 'evict':
        return this.evict(request.ref.name, request);
    }
  }

  /** A user changes the spec. */
  putSpec(spec: Spec): void {
    if (this.deleted !== undefined) return void (this.deleted = { ...this.deleted, spec });
    const { metadata } = this.service;
    const generation = (metadata.generation ?? 0) + 1;
    const changed = { ...this.service, metadata: { ...metadata, generation }, spec };
    this.put('haservices', changed);
  }

  /** A user annotates the service. */
  annotate(annotations: Record<string, string>): void {
    const { metadata } = this.service;
    const all = { ...metadata.annotations, ...annotations };
    this.put('haservices', { ...this.service, metadata: { ...metadata, annotations: all } });
  }

  /** A person cordons a node, or no longer: then the pods that wait are placed. */
  cordon(name: string, isCordoned: boolean): void {
    const node = this.#of('nodes').get(name);
    if (node !== undefined) this.put('nodes', cordoned(node, isCordoned));
    if (isCordoned) return;
    for (const pod of this.pods) {
      if (pod.spec?.nodeName === undefined) this.put('pods', this.#scheduled(pod));
    }
  }

  #scheduled(pod: KubeObject): Pod {
    return schedule(pod, this.list('nodes'), this.pods);
  }

  podOf(uid: string): Pod | undefined {
    for (const pod of this.#of('pods').values()) if (pod.metadata?.uid === uid) return pod;
    return undefined;
  }

  /** As the kubelet changes it. */
  changePod(uid: string, change: (pod: Pod) => Pod): void {
    const found = this.podOf(uid);
    if (found !== undefined) this.put('pods', change(found));
  }

  /** The pod is to end; the kubelet removes it when its process has. */
  deletePod(uid: string, graceSeconds: number): void {
    if (this.podOf(uid)?.spec?.nodeName === undefined) this.removePod(uid);
    else this.changePod(uid, (pod) => this.#ending(pod, graceSeconds));
  }

  /** Whatever its process does. */
  removePod(uid: string): void {
    const found = this.podOf(uid);
    if (found !== undefined) this.remove('pods', found);
  }

  #of(kind: string): Map<string, KubeObject> {
    let all = this.#objects.get(kind);
    if (all === undefined) {
      all = new Map<string, KubeObject>();
      this.#objects.set(kind, all);
    }
    return all;
  }

  #get(kind: string, { namespace, name }: Ref): KubeObject {
    if (namespace === operatorPod.namespace && kind === 'pods') {
      return { metadata: { ...operatorPod, uid: this.operator } };
    }
    if (kind === 'namespaces') return { metadata: { name, uid: name } };
    return this.#of(kind).get(name) ?? refuse(404, 'NotFound');
  }

  #create(kind: string, object: KubeObject, isDry: boolean): KubeObject {
    const { name = '' } = object.metadata ?? {};
    if (this.#of(kind).has(name)) refuse(409, 'AlreadyExists');
    if (isDry) return object;
    const uid = this.newUid(name);
    const creationTimestamp = timestamp(t0 + this.#kernel.nowMs);
    this.#kernel.note('api', () => `${kind} ${uid} is created`);
    const made = { ...object, metadata: { ...object.metadata, uid, creationTimestamp } };
    return this.put(kind, kind === 'pods' ? this.#scheduled(made) : bound(kind, made));
  }

  #patch(kind: string, name: string, patch: KubeObject): KubeObject {
    const old = this.#of(kind).get(name) ?? refuse(404, 'NotFound');
    const { resourceVersion, uid, ...metadata } = patch.metadata ?? {};
    checkVersion(old, resourceVersion);
    if (uid !== undefined && uid !== old.metadata?.uid) refuse(409, 'Conflict');
    const next = changed(old, { ...patch, metadata });
    if (next === old) return old;
    if (kind === 'endpointslices') this.#kernel.note('api', () => `write ${name}`);
    return this.put(kind, next);
  }

  #replaceStatus({ metadata, status }: ServiceObject): KubeObject {
    const old = this.service;
    if (this.deleted !== undefined) refuse(404, 'NotFound');
    checkVersion(old, metadata.resourceVersion);
    this.onStatus(old.status, status);
    return this.put('haservices', { ...old, status } as KubeObject);
  }

  #delete(
    kind: string,
    name: string,
    { uid, gracePeriodSeconds = 2 }: { uid?: string; gracePeriodSeconds?: number },
  ): KubeObject | undefined {
    const old = this.#of(kind).get(name);
    if (old === undefined) return undefined;
    if (uid !== undefined && uid !== old.metadata?.uid) refuse(409, 'Conflict');
    const isOnNode = (old as Pod).spec?.nodeName !== undefined;
    if (kind === 'pods' && gracePeriodSeconds > 0 && isOnNode) {
      return this.put(kind, this.#ending(old, gracePeriodSeconds));
    }
    // A grace period of 0: gone at once, and its process lives on until the kubelet has seen that.
    this.remove(kind, old);
    return undefined;
  }

  evict(name: string, options: { uid: string; gracePeriodSeconds?: number }): void {
    const pod = this.#of('pods').get(name) ?? refuse(404, 'NotFound');
    const isAllowed = mayEvict(pod, this.pods, this.list('poddisruptionbudgets'));
    if (options.uid === pod.metadata?.uid && !isAllowed) refuse(429, 'DisruptionBudget');
    this.#delete('pods', name, options);
  }

  #ending(pod: Pod, graceSeconds: number): Pod {
    if (pod.metadata?.deletionTimestamp !== undefined) return pod;
    this.#kernel.note('api', () => `pod ${pod.metadata?.uid} is to be deleted`);
    const deletionTimestamp = timestamp(t0 + this.#kernel.nowMs + graceSeconds * 1_000);
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp } };
  }

  put(kind: string, object: KubeObject): KubeObject {
    const resourceVersion = String(++this.#version);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    this.#of(kind).set(object.metadata?.name ?? '', stored);
    this.#tell({ kind, object: stored, isGone: false });
    return stored;
  }

  remove(kind: string, object: KubeObject): void {
    this.#kernel.note('api', () => `${kind} ${object.metadata?.uid} is gone`);
    this.#of(kind).delete(object.metadata?.name ?? '');
    const resourceVersion = String(++this.#version);
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion } };
    this.#tell({ kind, object: gone, isGone: true });
  }

  #tell(change: Change): void {
    for (const watcher of this.watchers) watcher(change);
  }
}

/** Where each operator asks for its own pod. */
export const operatorPod = { namespace: 'system', name: 'operator' };
