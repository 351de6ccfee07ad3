import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ApiServer } from './api-server.ts';
import { subject } from './subject.ts';
import type { Fault } from './targets.ts';
import { t0, timestamp } from './time.ts';
import type { World } from './world.ts';

/** A user deletes the resource, and applies it again: its volumes stay. */
export const reapplies: Record<string, Fault> = {
  /** Its pods and Services are deleted, one after the other. */
  reapply: (world) => again(world, false),
  /** With --cascade=orphan they stay, without an owner. */
  reapplyOrphan: (world) => again(world, true),
};

/** For so long after the deletion an operator may still make something for a resource that it does not know to be gone. */
const sweepsMs = 60_000;

/** Kubernetes' garbage collector: deletes whatever has an owner that is not there. */
function collect(world: World, endMs: number): void {
  const { kernel, api } = world;
  if (kernel.nowMs > endMs) return;
  const present = api.deleted === undefined ? api.service.metadata.uid : '';
  for (const [kind, object] of owned(api)) {
    const { ownerReferences: [owner] = [], uid = '' } = object.metadata ?? {};
    if (owner?.uid === present || kernel.random.chance(0.3)) continue;
    if (kind === 'pods') api.deletePod(uid, 2);
    else api.remove(kind, object);
  }
  kernel.after(kernel.random.between(200, 3_000), () => collect(world, endMs));
}

function again(world: World, isOrphan: boolean): (() => void) | undefined {
  const { kernel, api, checker, behaviour } = world;
  // The laws of experiments know one status alone.
  if (api.deleted !== undefined || behaviour.spec.chaos !== undefined) return undefined;
  kernel.note('FAULT', () => 'a user deletes the resource');
  if (!behaviour.keepsVolumes && !(isOrphan && isHeld(world))) checker.giveUp();
  checker.renewed();
  deleteService(api);
  if (isOrphan) orphan(api);
  kernel.after(kernel.random.between(20, 2_000), () => collect(world, kernel.nowMs + sweepsMs));
  const apply = () => {
    kernel.note('FAULT', () => 'a user applies the resource again');
    applyAgain(world);
  };
  kernel.after(kernel.random.between(10, 8_000), apply);
  return apply;
}

/** Without volumes the data end with the pods: whether a pod that stays has all of them. */
function isHeld({ kubelets, api, checker }: World): boolean {
  const staying = api.list('pods').map(({ metadata }) => metadata?.uid);
  return [...kubelets.containers.values()].some(
    ({ uid, volume }) => staying.includes(uid) && checker.holdsAll(volume.data?.log ?? []),
  );
}

function orphan(api: ApiServer): void {
  for (const [kind, object] of owned(api)) release(api, kind, object);
}

/** Its owner references are removed. */
export function release(api: ApiServer, kind: string, { metadata, ...object }: KubeObject): void {
  const { ownerReferences: _owners, ...rest } = metadata ?? {};
  api.put(kind, { ...object, metadata: rest });
}

function deleteService(api: ApiServer): void {
  const { service } = api;
  api.deleted = { ...service, status: {} };
  api.remove('haservices', service);
}

/** It has the same name, and another UID. */
function applyAgain({ api, kernel }: World): void {
  if (api.deleted === undefined) return;
  const { metadata, ...rest } = api.deleted;
  api.deleted = undefined;
  const creationTimestamp = timestamp(t0 + kernel.nowMs);
  const made = { ...metadata, uid: api.newUid(subject.uid), generation: 1, creationTimestamp };
  api.put('haservices', { ...rest, metadata: made });
}

/** Every object with an owner: there is only one. */
export const owned = (api: ApiServer): [kind: string, object: KubeObject][] =>
  api.kinds.flatMap((kind) =>
    api.list(kind).flatMap((object): [string, KubeObject][] => {
      const owners = object.metadata?.ownerReferences ?? [];
      return owners.length > 0 ? [[kind, object]] : [];
    }),
  );
