import { fieldManager } from '../../api/labels.ts';
import { HAError } from '../../api/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { Clock } from '../../lib/clock.ts';
import { agentProblems } from '../../core/resources/agent-pod.ts';
import { contactOf, usesGrpc } from '../../core/model/capabilities.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import type { Resource } from '../../core/model/observed.ts';
import { probePort } from '../../core/model/ports.ts';
import { readsWaitMs } from '../../core/model/primary-suspected.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { endpointSlices, endpoints, pods } from '../../kube/resources.ts';
import type { Pod } from '../../kube/api-types.ts';
import type { Log } from '../../telemetry/log.ts';
import { ensureChild } from './ensure-owned-object.ts';
import { ensureClaims } from './ensure-volume-claims.ts';
import type { HookRunner } from './hook-runner.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { isLeftOver, ownerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';
import { foreignPodOf } from '../observe/foreign-pods.ts';

/** How long a pod in the way is believed to be there, before its name is tried again. */
const strangerMs = 30_000;

export interface ExecuteContext {
  client: KubeClient;
  stores: Stores;
  hooks: HookRunner;
  /** Is told of the pods that this process makes. */
  monitor: Pick<HeartbeatMonitor, 'made'>;
  clock: Clock;
  log: Log;
  key: string;
  /** Look at the resource again, now. */
  enqueue: (key: string) => void;
  resource: Resource;
  memory: ReconcileState;
  signal: AbortSignal;
}

/** What an action is called in messages. */
export function describe(action: Action): string {
  switch (action.type) {
    case 'EnsureChild':
      return `write ${action.manifest.kind} ${action.manifest.metadata.name}`;
    case 'CreatePod':
      return `create Pod ${action.manifest.metadata.name}`;
    case 'DeleteStray':
      return `delete ${action.stray.kind} ${action.stray.name}`;
    case 'DeletePod':
      return `${action.replacement === undefined ? 'delete' : 'replace'} Pod ${action.removal.member.name}`;
    case 'LabelPod':
      return `label Pod ${action.member.name}`;
    case 'CallHook':
      return `${action.call.action} ${action.call.member.name}`;
  }
}

/** Carries out one action. True where it changed something. @throws HAError where the API server refused or failed. */
export async function execute(action: Action, context: ExecuteContext): Promise<boolean> {
  const { client, stores, signal } = context;
  switch (action.type) {
    case 'EnsureChild': {
      if (waits(action, context)) return false;
      const result = await ensureChild(client, stores, action.manifest, signal);
      if (typeof result === 'object') {
        const what = `cannot ${describe(action)}: it belongs to ${ownerOf(result.foreign)}`;
        const reason = isLeftOver(result.foreign, context.resource) ? 'LeftOver' : 'NameTaken';
        throw new HAError('HA_ERR_NAME_TAKEN', what, { reason });
      }
      return result === 'Written';
    }
    case 'DeleteStray': {
      const { kind, name, uid } = action.stray;
      const ref = { namespace: context.resource.namespace, name };
      await client.delete(kind === 'Endpoints' ? endpoints : endpointSlices, ref, { uid, signal });
      stores.slices.observeDelete(ref, uid);
      return true;
    }
    case 'CallHook': {
      const { spec } = context.resource;
      const ports = {
        hook: probePort(spec) ?? 0,
        order: contactOf(spec, action.call.member).port ?? 0,
        grpc: usesGrpc(spec),
      };
      context.hooks.start(context.key, context.memory, action.call, ports, context.log);
      return true;
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
        const written = await client.apply(pods, object, { fieldManager, force: true, signal });
        stores.pods.observeWrite(written);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
        const found = await findPod(name, context);
        if (found?.metadata?.uid === uid) throw error;
        // It is gone, or another has its name: the next pass sees that.
        stores.pods.observeDelete({ namespace, name }, uid);
      }
      return true;
    }
    case 'CreatePod':
      return createPod(action, context);
    case 'DeletePod':
      return deletePod(action, context);
  }
}

/** What may wait is put off once, for so long: then it is written, whatever has become of the reason. */
function waits(
  { manifest, mayWait = false }: Extract<Action, { type: 'EnsureChild' }>,
  { memory, clock, key, enqueue }: ExecuteContext,
): boolean {
  const id = `${manifest.kind}/${manifest.metadata.name}`;
  if (!mayWait) {
    memory.putOffSince.delete(id);
    return false;
  }
  const since = memory.putOffSince.get(id);
  if (since !== undefined) return clock.now() - since < readsWaitMs;
  memory.putOffSince.set(id, clock.now());
  clock.after(readsWaitMs, () => enqueue(key));
  return true;
}

async function createPod(
  action: Extract<Action, { type: 'CreatePod' }>,
  context: ExecuteContext,
): Promise<boolean> {
  const { client, stores, signal, memory, resource, clock, monitor } = context;
  // What is wrong is told as a problem: no pod can do without.
  if (agentProblems(resource).length > 0) return false;
  await ensureClaims(client, resource, action.manifest.metadata.name, signal);
  try {
    // Strict: a misspelt field of the template is an error that is told, not a field that is dropped.
    const pod = await client.create(pods, action.manifest, {
      signal,
      fieldValidation: 'Strict',
      fieldManager,
    });
    if (pod.metadata?.uid !== undefined) monitor.made(pod.metadata.uid);
    stores.pods.observeWrite(pod);
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = await findPod(action.manifest.metadata.name, context);
    if (found !== undefined && controllerUid(found) !== resource.uid) {
      const untilMs = clock.wallNow() + strangerMs;
      const stranger = foreignPodOf(found, resource);
      memory.strangers.set(stranger.name, { stranger, untilMs });
    }
    return true;
  }
}

/**
 * Asks the API server for a pod that the watch does not show: where somebody took our labels off one of ours, it is put
 * back into the cache, and labelled again in the next pass.
 */
export async function findPod(
  name: string,
  {
    client,
    stores,
    resource,
    signal,
  }: Pick<ExecuteContext, 'client' | 'stores' | 'resource' | 'signal'>,
): Promise<Pod | undefined> {
  try {
    const pod = await client.get(pods, { namespace: resource.namespace, name }, { signal });
    if (controllerUid(pod) === resource.uid) stores.pods.observeWrite(pod);
    return pod;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Asks the API server whether it would take a pod. So a template that it refuses costs no member that runs. That the name is
 * taken, and the quota used up, by the pod that is to be replaced are no faults.
 *
 * @throws HAError where it would not.
 */
async function tryPod(manifest: Manifest, { client, signal }: ExecuteContext): Promise<void> {
  try {
    const options = { signal, fieldValidation: 'Strict', dryRun: 'All' } as const;
    await client.create(pods, manifest, options);
  } catch (error) {
    const isOverQuota = error instanceof HAError && error.message.includes('exceeded quota');
    if (!isAlreadyExists(error) && !isOverQuota) throw error;
  }
}

async function deletePod(
  action: Extract<Action, { type: 'DeletePod' }>,
  context: ExecuteContext,
): Promise<boolean> {
  const { client, stores, resource, signal } = context;
  if (action.replacement !== undefined) {
    if (agentProblems(resource).length > 0) return false;
    await tryPod(action.replacement, context);
  }
  const { member, gracePeriodSeconds } = action.removal;
  const ref = { namespace: resource.namespace, name: member.name };
  const left = await client
    .delete(pods, ref, {
      uid: member.uid,
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      signal,
    })
    .catch((error: unknown) => {
      // Another has its name: so this one is gone.
      if (isConflict(error)) return undefined;
      throw error;
    });
  if (left?.kind === 'Pod' && left.metadata?.deletionTimestamp !== undefined) {
    stores.pods.observeWrite(left);
  } else {
    stores.pods.observeDelete(ref, member.uid);
  }
  return true;
}
