import { isDeepStrictEqual } from 'node:util';
import type { UndoneChange } from '../../core/status/undone-change.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Action, InheritedNames } from '../../core/model/action.ts';
import type { Change } from './ensure-owned-object.ts';
import type { ExecuteContext } from './execute-context.ts';
import type { KubeObject, Pod } from '../../kube/api-types.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import type { Member } from '../../core/model/observed.ts';
import { HAError } from '../../api/errors.ts';
import { agentDegradedReasons } from '../../core/resources/agent-pod.ts';
import { isOrphan } from '../state/owner-references.ts';
import { ownerReference } from '../../core/model/manifest.ts';
import { adopt } from './adopt.ts';
import { isMemberPod } from '../state/member-pods.ts';
import { ensureVolumeClaims } from './ensure-volume-claims.ts';
import { completeCondition, fieldManager } from '../../api/labels.ts';
import { foreignPodOf } from '../observe/foreign-pods.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import { pods } from '../../kube/resources.ts';
import {
  type Steps,
  apply,
  create,
  deleteObject,
  get,
  mergePatch,
} from '../../kube/api-request.ts';

/** How long a foreign pod that has the name of a member is remembered, before the name is tried again. */
const foreignPodMs = 30_000;

export function* labelPod(
  { member, labels, inherited }: Extract<Action, { type: 'LabelPod' }>,
  context: ExecuteContext,
): Steps<Change | UndoneChange> {
  const { confirmedLabels } = context.state;
  const { name, uid } = member;
  const before = confirmedLabels.get(name);
  const wrong = Object.keys(labels).filter((label) => member.labels[label] !== labels[label]);
  if (inherited !== undefined) {
    const change = yield* patchNames(member, inherited, context);
    if (change !== 'Written' || wrong.length === 0) return change;
  }
  // If the answer is lost, the labels may be the operator's own all the same.
  confirmedLabels.delete(name);
  const change = yield* applyPod(member, { labels }, {}, context);
  if (change !== 'Written') return change;
  confirmedLabels.set(name, { uid, labels });
  if (before?.uid !== uid || !isDeepStrictEqual(before.labels, labels)) return change;
  // They were so, and somebody else has changed them since.
  const { namespace } = context.resource;
  return {
    object: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    what: wrong.map((label) => ['metadata', 'labels', label]),
  };
}

/** Server-side apply would not remove what the pod was created with. */
function patchNames(member: Member, names: InheritedNames, context: ExecuteContext): Steps<Change> {
  const { name, uid } = member;
  const ref = { namespace: context.resource.namespace, name };
  return writePod(member, mergePatch(pods, ref, { metadata: { uid, ...names } }), context);
}

/** Remembers the labels of the pods that need no other ones. */
export function noteLabels(state: ReconcileState, members: Member[], actions: Action[]): void {
  const relabelled = new Set(
    actions.flatMap((action) => (action.type === 'LabelPod' ? [action.member.uid] : [])),
  );
  for (const { name, uid, labels } of members) {
    if (!relabelled.has(uid)) state.confirmedLabels.set(name, { uid, labels });
  }
}

export function markComplete(
  { member, isComplete }: Extract<Action, { type: 'MarkComplete' }>,
  context: ExecuteContext,
): Steps<Change> {
  const condition = {
    type: completeCondition,
    status: isComplete ? 'True' : 'False',
    reason: isComplete ? 'AllData' : 'DataMissing',
    lastTransitionTime: new Date(context.clock.wallNow()).toISOString(),
  };
  return applyPod(member, {}, { status: { conditions: [condition] } }, context);
}

/** @param status a change of the status alone, which is written to the subresource of that name */
function applyPod(
  member: Member,
  more: { labels?: Record<string, string> },
  status: Pick<Pod, 'status'>,
  context: ExecuteContext,
): Steps<Change> {
  const { name, uid } = member;
  const { namespace } = context.resource;
  const metadata = { name, namespace, uid, ...more };
  const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, ...status };
  const subresource = status.status === undefined ? {} : ({ subresource: 'status' } as const);
  return writePod(member, apply(pods, object, { fieldManager, ...subresource }), context);
}

/** Stores what the API server answers to a write that is guarded by the pod's UID. */
function* writePod(member: Member, request: Steps<Pod>, context: ExecuteContext): Steps<Change> {
  try {
    context.stores.pods.observeWrite(yield* request);
    return 'Written';
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    yield* forgetIfGone(member, error, context);
    return 'Refreshed';
  }
}

/** By merge patch: a server-side apply without the labels would remove the labels. */
export function* annotatePod(
  { member: { name, uid }, annotations }: Extract<Action, { type: 'AnnotatePod' }>,
  context: ExecuteContext,
): Steps<Change> {
  const { stores, resource } = context;
  const { namespace } = resource;
  const { metadata } = stores.pods.get(namespace, name) ?? {};
  if (metadata?.uid !== uid) return 'Same';
  const { resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, uid, annotations } };
  try {
    stores.pods.observeWrite(yield* mergePatch(pods, { namespace, name }, patch));
    return 'Written';
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    const found = (yield* findPod(name, context))?.metadata;
    if (found?.uid !== uid) stores.pods.observeDelete({ namespace, name }, uid);
    else if (found.resourceVersion === resourceVersion) throw error;
    return 'Refreshed';
  }
}

export function* adoptPod(
  { pod: { name, uid } }: Extract<Action, { type: 'AdoptPod' }>,
  context: ExecuteContext,
): Steps<Change> {
  const { stores, resource } = context;
  const pod = stores.pods.get(resource.namespace, name);
  if (pod?.metadata?.uid !== uid || !isOrphan(pod, resource)) return 'Same';
  const adopted = yield* adopt(pods, pod, ownerReference(resource));
  if (adopted === undefined) return 'Same';
  stores.pods.observeWrite(adopted);
  context.state.foreignPods.delete(name);
  return 'Written';
}

export function* createPod(
  action: Extract<Action, { type: 'CreatePod' }>,
  context: ExecuteContext,
): Steps<Change> {
  const { stores, state, resource, clock, monitor } = context;
  // The condition Degraded says what is wrong: no pod can be created before that is corrected.
  if (agentDegradedReasons(resource).length > 0) return 'Same';
  yield* ensureVolumeClaims(resource, action.manifest.metadata.name);
  try {
    // Strict: a misspelt field of the template is an error that the user sees, not a field that is dropped.
    const options = { fieldValidation: 'Strict', fieldManager } as const;
    const pod = yield* create(pods, action.manifest, options);
    if (pod.metadata?.uid !== undefined) monitor.podCreated(pod.metadata.uid);
    stores.pods.observeWrite(pod);
    return 'Written';
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = yield* findPod(action.manifest.metadata.name, context);
    if (found !== undefined && !isMemberPod(found, resource)) {
      const untilMs = clock.wallNow() + foreignPodMs;
      const foreignPod = foreignPodOf(found, resource);
      state.foreignPods.set(foreignPod.name, { foreignPod, untilMs });
    }
    return 'Refreshed';
  }
}

/**
 * Reads a pod from the API server that the watch does not show. If somebody has removed the labels from a pod of this resource, it
 * is put back into the cache, and the next pass labels it again.
 */
export function* findPod(
  name: string,
  { stores, resource }: Pick<ExecuteContext, 'stores' | 'resource'>,
): Steps<Pod | undefined> {
  try {
    const pod = yield* get(pods, { namespace: resource.namespace, name });
    if (isMemberPod(pod, resource)) stores.pods.observeWrite(pod);
    return pod;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * A write to a member's pod was refused as if the pod were gone, or another pod had its name: if so, the pod is removed from the cache,
 * and the next pass sees that. If the pod is still there, the refusal has another reason, such as an admission webhook.
 *
 * @throws the refusal, if the pod is still there; HAError if the API server was not reached, or has failed.
 */
function* forgetIfGone(
  { name, uid }: Pick<Member, 'name' | 'uid'>,
  refusal: unknown,
  context: ExecuteContext,
): Steps<void> {
  const found = yield* findPod(name, context);
  if (found?.metadata?.uid === uid) throw refusal;
  context.stores.pods.observeDelete({ namespace: context.resource.namespace, name }, uid);
}

/**
 * Asks the API server by a dry run whether it would accept a pod, so that no running member is deleted for a template that is
 * refused. If the name is taken or the quota used up, that is the pod which is to be replaced, and no failure.
 *
 * @throws HAError if the API server would refuse the pod.
 */
function* tryPod(manifest: Manifest): Steps<void> {
  try {
    yield* create(pods, manifest, { fieldValidation: 'Strict', dryRun: 'All' });
  } catch (error) {
    const isOverQuota = error instanceof HAError && error.message.includes('exceeded quota');
    if (!isAlreadyExists(error) && !isOverQuota) throw error;
  }
}

export function* deletePod(
  action: Extract<Action, { type: 'DeletePod' }>,
  context: ExecuteContext,
): Steps<Change> {
  const { stores, resource } = context;
  if (action.replacement !== undefined) {
    if (agentDegradedReasons(resource).length > 0) return 'Same';
    yield* tryPod(action.replacement);
  }
  const { member, gracePeriodSeconds } = action.removal;
  const ref = { namespace: resource.namespace, name: member.name };
  const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  let left: KubeObject | undefined;
  try {
    left = yield* deleteObject(pods, ref, { uid: member.uid, ...options });
  } catch (error) {
    if (!isConflict(error)) throw error;
    yield* forgetIfGone(member, error, context);
    return 'Refreshed';
  }
  if (left?.kind === 'Pod') stores.pods.observeWrite(left);
  else stores.pods.observeDelete(ref, member.uid);
  return 'Written';
}
