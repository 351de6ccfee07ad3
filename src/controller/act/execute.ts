import { fieldManager } from '../../api/labels.ts';
import { HAError } from '../../api/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { Clock } from '../../lib/clock.ts';
import { agentDegradedReasons } from '../../core/resources/agent-pod.ts';
import { contactOf, usesGrpc } from '../../core/model/capabilities.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import { probePort } from '../../core/model/ports.ts';
import { readsWaitMs } from '../../core/model/primary-suspected.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, apply, create, deleteObject, get } from '../../kube/api-request.ts';
import { endpointSlices, endpoints, pods } from '../../kube/resources.ts';
import type { KubeObject, Pod } from '../../kube/api-types.ts';
import type { Log } from '../../lib/log.ts';
import { type Change, ensureOwnedObject } from './ensure-owned-object.ts';
import { ensureVolumeClaims } from './ensure-volume-claims.ts';
import type { RoleCommandRunner } from './role-command-runner.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { isAwaitingGarbageCollection, ownerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';
import { foreignPodOf } from '../observe/foreign-pods.ts';

/** How long a foreign pod that has the name of a member is remembered, before the name is tried again. */
const foreignPodMs = 30_000;

/**
 * What an action is executed with. The reconciler builds one context for each pass; nothing in it is kept beyond the pass, except
 * by `roleCommandRunner` and `state`, which outlive it.
 */
export interface ExecuteContext {
  /** The caches. Each write is stored there at once, so that the next pass sees it. */
  stores: Stores;
  /** Gives role commands outside of the reconcile: `start` returns at once and never throws. */
  roleCommandRunner: RoleCommandRunner;
  /** Is called once for each pod that this process creates. */
  monitor: Pick<HeartbeatMonitor, 'podCreated'>;
  clock: Clock;
  log: Log;
  key: string;
  /** Reconciles the resource again, as soon as a worker is free. */
  enqueue: (key: string) => void;
  resource: Resource;
  /** Remembers what was put off, and which foreign pods were found. */
  state: ReconcileState;
}

/** The name of an action in messages. */
export function describe(action: Action): string {
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint':
      return `write ${action.manifest.kind} ${action.manifest.metadata.name}`;
    case 'CreatePod':
      return `create Pod ${action.manifest.metadata.name}`;
    case 'DeleteForeignEndpoints':
      return `delete ${action.endpoints.kind} ${action.endpoints.name}`;
    case 'DeletePod':
      return `${action.replacement === undefined ? 'delete' : 'replace'} Pod ${action.removal.member.name}`;
    case 'LabelPod':
      return `label Pod ${action.member.name}`;
    case 'GiveRoleCommand':
      return `${action.command.action} ${action.command.member.name}`;
  }
}

/** Executes one action. @throws HAError if the API server refused it, was not reached, or has failed. */
export function* execute(action: Action, context: ExecuteContext): Steps<Change> {
  const { stores } = context;
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint': {
      if (waits(action, context)) return 'Same';
      const result = yield* ensureOwnedObject(stores, action.manifest);
      if (typeof result === 'object') {
        const what = `cannot ${describe(action)}: it belongs to ${ownerOf(result.foreign)}`;
        const reason = isAwaitingGarbageCollection(result.foreign, context.resource)
          ? 'AwaitingGarbageCollection'
          : 'NameTaken';
        throw new HAError('HA_ERR_NAME_TAKEN', what, { reason });
      }
      return result;
    }
    case 'DeleteForeignEndpoints': {
      const { kind, name, uid } = action.endpoints;
      const ref = { namespace: context.resource.namespace, name };
      yield* deleteObject(kind === 'Endpoints' ? endpoints : endpointSlices, ref, { uid });
      stores.slices.observeDelete(ref, uid);
      return 'Written';
    }
    case 'GiveRoleCommand': {
      const { spec } = context.resource;
      const ports = {
        hook: probePort(spec) ?? 0,
        order: contactOf(spec, action.command.member).port ?? 0,
        grpc: usesGrpc(spec),
      };
      context.roleCommandRunner.start(
        context.key,
        context.state,
        action.command,
        ports,
        context.log,
      );
      return 'Written';
    }
    case 'LabelPod': {
      const { name, uid } = action.member;
      const { namespace } = context.resource;
      const object: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, uid, labels: action.labels },
      };
      try {
        stores.pods.observeWrite(yield* apply(pods, object, fieldManager));
        return 'Written';
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
        yield* forgetIfGone(action.member, error, context);
        return 'Refreshed';
      }
    }
    case 'CreatePod':
      return yield* createPod(action, context);
    case 'DeletePod':
      return yield* deletePod(action, context);
  }
}

/** True while a write that may wait is put off. That happens once, for `readsWaitMs`: then it is written, for whatever reason it had to wait. */
function waits(
  action: Extract<Action, { type: 'EnsureOwnedObject' | 'Repoint' }>,
  { state, clock, key, enqueue }: ExecuteContext,
): boolean {
  const id = `${action.manifest.kind}/${action.manifest.metadata.name}`;
  if (action.type === 'Repoint' || action.mayWait !== true) {
    state.putOffSince.delete(id);
    return false;
  }
  const since = state.putOffSince.get(id);
  if (since !== undefined) return clock.now() - since < readsWaitMs;
  state.putOffSince.set(id, clock.now());
  clock.after(readsWaitMs, () => enqueue(key));
  return true;
}

function* createPod(
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
    if (found !== undefined && controllerUid(found) !== resource.uid) {
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
    if (controllerUid(pod) === resource.uid) stores.pods.observeWrite(pod);
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

function* deletePod(
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
  if (left?.kind === 'Pod' && left.metadata?.deletionTimestamp !== undefined) {
    stores.pods.observeWrite(left);
  } else {
    stores.pods.observeDelete(ref, member.uid);
  }
  return 'Written';
}
