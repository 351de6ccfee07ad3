import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ApiServer } from './api-server.ts';
import { deleteClaims, endClaims, ownedClaims } from './claims.ts';
import { wish } from './edits.ts';
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
    const { ownerReferences = [], uid = '' } = object.metadata ?? {};
    if (ownerReferences.some((owner) => owner.uid === present) || kernel.random.chance(0.3))
      continue;
    if (kind === 'pods') api.deletePod(uid, 2);
    else if (kind === 'persistentvolumeclaims') collectClaim(world, object);
    else api.remove(kind, object);
  }
  kernel.after(kernel.random.between(200, 3_000), () => collect(world, endMs));
}

/** A claim is collected, as its owner is gone: at once, or with the end of the pod that uses it. */
function collectClaim({ api, kubelets, kernel }: World, { metadata }: KubeObject): void {
  const pod = (metadata?.name ?? '').replace(/^data-/, '');
  deleteClaims(api, pod, kernel.nowMs);
  const isUsed = [...kubelets.containers.values()].some(({ name }) => name === pod);
  if (!isUsed && endClaims(api, pod)) kubelets.loseVolume(pod);
}

function again(world: World, isOrphan: boolean): (() => void) | undefined {
  const { kernel, api, checker, behaviour } = world;
  // The laws of experiments know one status alone.
  if (api.deleted !== undefined || behaviour.spec.chaos !== undefined) return undefined;
  kernel.note('FAULT', () => 'a user deletes the resource');
  if (!behaviour.keepsVolumes && !(isOrphan && isHeld(world))) checker.giveUp();
  // Who wishes that has given them up; and whoever has taken the wish back in the last moment, too.
  if (!isOrphan && (world.wished.deletesClaims || ownedClaims(api).length > 0)) checker.giveUp();
  checker.renewed();
  deleteService(api);
  if (isOrphan) orphan(api);
  kernel.after(kernel.random.between(20, 2_000), () => collect(world, kernel.nowMs + sweepsMs));
  const apply = () => {
    kernel.note('FAULT', () => 'a user applies the resource again');
    applyAgain(world);
    // What the next resource keeps, the deletion of this one may still be about to take.
    if (world.wished.deletesClaims && kernel.random.chance(0.5))
      wish(world, { deletesClaims: false });
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
