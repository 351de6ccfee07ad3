import type { Spec } from '../../src/api/spec.ts';
import type { Status } from '../../src/api/status.ts';
import type { Member } from '../../src/core/model/observed.ts';
import type { Kernel } from './kernel.ts';

interface Versioned {
  readonly version: number;
}

export interface ServiceObject extends Versioned {
  readonly status: Status;
  readonly spec: Spec;
  readonly generation: number;
}
export interface PodObject extends Versioned {
  readonly member: Member;
}
/** The write Service's endpoints, by UID. */
export interface SliceObject extends Versioned {
  readonly uids: readonly string[];
}

export type Change =
  | { kind: 'service'; object: ServiceObject }
  | { kind: 'slice'; object: SliceObject }
  | { kind: 'pod'; object: PodObject; isGone: boolean };

/** What the API server answers to a write. */
export type Written<T> =
  { ok: true; object: T } | { ok: false; why: 'Conflict' | 'NotFound' | 'Exists' };

/** Objects with resource versions, compare-and-swap, and watches. Everything in it is replaced whole, never changed. */
export class ApiServer {
  service: ServiceObject;
  slice: SliceObject | undefined;
  readonly pods = new Map<string, PodObject>();
  statusWrites = 0;
  /** The operator's process that the API server knows by its pod. */
  operator = '';
  /** Every change, at the moment in which it is made. */
  readonly watchers = new Set<(change: Change) => void>();
  /** Called before a status is replaced. */
  onStatus: (before: Status, after: Status) => void = () => {};
  readonly #kernel: Kernel;
  #version = 1;
  #serial = 0;

  constructor(kernel: Kernel, spec: Spec) {
    this.#kernel = kernel;
    this.service = { version: 1, status: {}, spec, generation: 1 };
  }

  /** Begins with a service that has been there for long. */
  settle(status: Status): void {
    this.service = { ...this.service, status };
    // UIDs are not used twice.
    this.#serial = 100;
  }

  get version(): number {
    return this.#version;
  }

  putStatus(status: Status, version: number): Written<ServiceObject> {
    if (version !== this.service.version) return { ok: false, why: 'Conflict' };
    this.onStatus(this.service.status, status);
    this.statusWrites++;
    this.service = { ...this.service, status, version: ++this.#version };
    this.#tell({ kind: 'service', object: this.service });
    return { ok: true, object: this.service };
  }

  /** A user changes what is wished. */
  putSpec(spec: Spec): void {
    const generation = this.service.generation + 1;
    this.service = { ...this.service, spec, generation, version: ++this.#version };
    this.#tell({ kind: 'service', object: this.service });
  }

  putSlice(uids: readonly string[], version: number | undefined): Written<SliceObject> {
    if (version !== this.slice?.version) return { ok: false, why: 'Conflict' };
    this.#kernel.note('api', () => `write slice: ${uids.join(', ') || 'nobody'}`);
    this.slice = { uids, version: ++this.#version };
    this.#tell({ kind: 'slice', object: this.slice });
    return { ok: true, object: this.slice };
  }

  createPod(member: Omit<Member, 'uid'>): Written<PodObject> {
    if (this.pods.has(member.name)) return { ok: false, why: 'Exists' };
    const uid = `${member.name}.${this.#serial++}`;
    this.#kernel.note('api', () => `pod ${uid} is created`);
    return { ok: true, object: this.putPod({ ...member, uid }) };
  }

  /** As the kubelet, the scheduler and label patches change it. */
  putPod(member: Member): PodObject {
    const object = { member, version: ++this.#version };
    this.pods.set(member.name, object);
    this.#tell({ kind: 'pod', object, isGone: false });
    return object;
  }

  changePod(uid: string, change: Partial<Member>): Written<PodObject> {
    const found = this.podOf(uid);
    if (found === undefined) return { ok: false, why: 'NotFound' };
    return { ok: true, object: this.putPod({ ...found.member, ...change }) };
  }

  podOf(uid: string): PodObject | undefined {
    for (const object of this.pods.values()) if (object.member.uid === uid) return object;
    return undefined;
  }

  /** The pod is to end; the kubelet removes it when it has. */
  deletePod(uid: string, atWallMs: number, graceMs: number): Written<PodObject> {
    const found = this.podOf(uid);
    if (found === undefined) return { ok: false, why: 'NotFound' };
    if (found.member.deletionAtMs !== undefined) return { ok: true, object: found };
    this.#kernel.note('api', () => `pod ${uid} is to be deleted`);
    return this.changePod(uid, { deletionAtMs: atWallMs + graceMs });
  }

  /** Gone from the API, whatever its process does. */
  removePod(uid: string): void {
    const found = this.podOf(uid);
    if (found === undefined) return;
    this.#kernel.note('api', () => `pod ${uid} is gone`);
    this.pods.delete(found.member.name);
    const object = { ...found, version: ++this.#version };
    this.#tell({ kind: 'pod', object, isGone: true });
  }

  #tell(change: Change): void {
    for (const watcher of this.watchers) watcher(change);
  }
}
