import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Action } from '../../core/model/action.ts';
import type { Injection } from '../../core/model/chaos-view.ts';
import { hasSeveralBudgets, isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, deleteObject, evict, get } from '../../kube/api-request.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { type Ref, pods } from '../../kube/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { haServices } from '../state/resource-type.ts';
import type { Stores } from '../state/stores.ts';

type InjectFault = Extract<Action, { type: 'InjectFault' }>;

/**
 * Grace period of a kill. Not 0: then the pod's object would be gone while its processes may run on, without a limit if the kubelet
 * hangs, and neither a fence nor a volume is safe from them (ADR 7). The kubelet must confirm the end.
 */
const killGraceSeconds = 1;

interface InjectContext {
  stores: Stores;
  clock: Clock;
  state: ReconcileState;
  object: HAService;
}

/**
 * Kills the members of an experiment. The status that was decided on must still be the present one: a cache may be old, and another
 * process may have ended the experiment. What came of it is noted in the state, never thrown: the next decision sees it, and no
 * failed kill is repeated.
 *
 * @returns Refreshed: the status is another one than that which was decided on, and nothing was done.
 * @throws HAError if the API server could not be asked for the present status: nothing was done.
 */
export function* injectFault(
  { experiment, members }: InjectFault,
  { stores, clock, state, object }: InjectContext,
): Steps<'Written' | 'Refreshed'> {
  const { name, namespace, resourceVersion } = object.metadata;
  const fresh = yield* get(haServices, { namespace, name });
  if (fresh.metadata.resourceVersion !== resourceVersion) {
    stores.resources.observeWrite(fresh);
    return 'Refreshed';
  }
  const injection: Injection = {
    id: experiment.id,
    startsAt: experiment.startsAt,
    atMs: clock.wallNow(),
    killed: [],
    failures: [],
    isUnsure: false,
  };
  state.injection = injection;
  for (const member of members) {
    try {
      const ref = { namespace, name: member.name };
      const left = yield* kill(experiment.action, ref, member.uid);
      injection.killed.push(member.uid);
      // The eviction API does not return the pod: the watch tells of its end.
      if (left?.kind === 'Pod') stores.pods.observeWrite(left);
      else if (experiment.action !== 'Evict') stores.pods.observeDelete(ref, member.uid);
    } catch (error) {
      if (!isHAError(error)) throw error;
      const { message, code, status = 500 } = error;
      injection.failures.push(
        isNotFound(error) || isConflict(error)
          ? `${member.name} was gone already`
          : `${member.name}: ${message}`,
      );
      if (code === 'HA_ERR_API_STATUS' && (status < 500 || hasSeveralBudgets(error))) continue;
      // The request may have been carried out without an answer. Nothing more is killed.
      injection.isUnsure = true;
      break;
    }
  }
  return 'Written';
}

/** @returns the pod, if it ends gracefully. */
function* kill(
  action: InjectFault['experiment']['action'],
  ref: Ref,
  uid: string,
): Steps<KubeObject | undefined> {
  switch (action) {
    case 'PodKill':
    case 'ZoneKill':
      return yield* deleteObject(pods, ref, { uid, gracePeriodSeconds: killGraceSeconds });
    case 'PodDelete':
      return yield* deleteObject(pods, ref, { uid });
    case 'Evict':
      yield* evict(pods, ref, { uid });
      return undefined;
  }
}
