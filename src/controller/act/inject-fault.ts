import { chaosDisabled, chaosLabel } from '../../api/labels.ts';
import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Action } from '../../core/model/action.ts';
import type { Injection } from '../../core/model/chaos-view.ts';
import type { Member } from '../../core/model/observed.ts';
import { hasSeveralBudgets, isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, deleteObject, evict, get } from '../../kube/api-request.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { type Ref, type ResourceType, configMaps, namespaces, pods } from '../../kube/resources.ts';
import type { Store } from '../../kube/store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Change } from './ensure-owned-object.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { haServices } from '../state/resource-type.ts';
import type { LiveSettings } from '../state/settings.ts';
import type { Stores } from '../state/stores.ts';

/** How long what was read before a kill is believed, and how long several kills may take. Milliseconds. */
const verifiedMs = 1_000;

type InjectFault = Extract<Action, { type: 'InjectFault' }>;

/**
 * Grace period of a kill. Not 0: then the pod's object would be gone while its processes may run on, without a limit if the kubelet
 * hangs, and neither a fence nor a volume is safe from them (ADR 7). The kubelet must confirm the end.
 */
const killGraceSeconds = 1;

interface InjectContext {
  stores: Stores;
  settings: Pick<LiveSettings, 'ref'>;
  clock: Clock;
  log: Log;
  state: ReconcileState;
  object: HAService;
}

/**
 * Kills the members of an experiment, in two passes. A cache may be minutes old if its watch is silent, and another process may have
 * ended the experiment: the first pass reads all that can forbid the kill anew. That may take long, so the second one decides again,
 * with the health of that moment, and kills at once. What came of the kill is noted in the state, never thrown: the next decision
 * sees that, and no failed kill is repeated.
 *
 * @returns Refreshed: everything was read, and nothing else was done. Same: the API server has failed; nothing was done.
 * @throws HAError if the API server refused to answer, or was not reached: nothing was done.
 */
export function* injectFault(action: InjectFault, context: InjectContext): Steps<Change> {
  const { experiment, members } = action;
  const { stores, clock, log, state, object } = context;
  const { namespace } = object.metadata;
  const decidedAt = clock.now();
  const { verifiedKill } = state;
  state.verifiedKill = undefined;
  if (verifiedKill?.startsAt !== experiment.startsAt || decidedAt - verifiedKill.at > verifiedMs) {
    try {
      if (yield* isOutdated(context)) return 'Refreshed';
    } catch (error) {
      // An overloaded API server is no fault of the service, and the next pass asks again.
      if (!isHAError(error, 'HA_ERR_API_STATUS') || (error.status ?? 500) < 500) throw error;
      log.warn({ error, experiment: experiment.id }, 'could not read what can forbid the kill');
      return 'Same';
    }
    state.verifiedKill = { startsAt: experiment.startsAt, at: clock.now() };
    return 'Refreshed';
  }
  const injection: Injection = {
    id: experiment.id,
    startsAt: experiment.startsAt,
    atMs: clock.wallNow(),
    killed: [],
    failures: [],
    unanswered: [],
    isUnsure: false,
  };
  state.injection = injection;
  const isGone = ({ name }: Member) => {
    // It was there a moment ago: another process of the operator may be doing the same.
    injection.failures.push(`${name} was gone already`);
    injection.isUnsure = true;
  };
  for (const member of members) {
    if (clock.now() - decidedAt > verifiedMs) {
      injection.failures.push(`${member.name} was left alone, as the kill of the others took long`);
      continue;
    }
    try {
      const ref = { namespace, name: member.name };
      const left = yield* kill(experiment.action, ref, member.uid);
      if (left === 'Gone') {
        isGone(member);
        stores.pods.observeDelete(ref, member.uid);
        continue;
      }
      injection.killed.push(member.uid);
      // The eviction API does not return the pod: the watch tells of its end.
      if (left !== undefined) stores.pods.observeWrite(left);
    } catch (error) {
      if (!isHAError(error)) throw error;
      const { message, code, status = 500 } = error;
      if (isNotFound(error) || isConflict(error)) {
        isGone(member);
        continue;
      }
      if (code === 'HA_ERR_API_STATUS' && (status < 500 || hasSeveralBudgets(error))) {
        injection.failures.push(`${member.name}: ${message}`);
        continue;
      }
      // The request may have been carried out without an answer. Nothing more is killed.
      const why = code === 'HA_ERR_PREEMPTED' ? 'a failover goes first' : message;
      injection.unanswered.push({
        uid: member.uid,
        why: `${member.name}: its kill was sent, and has no answer (${why})`,
      });
      const others = members.slice(members.indexOf(member) + 1);
      injection.failures.push(...others.map(({ name }) => `${name} was left alone after that`));
      break;
    }
  }
  return 'Written';
}

/** Reads everything anew that can forbid the kill, into the caches. @returns whether one of them had another state. */
function* isOutdated({ stores, settings, object }: InjectContext): Steps<boolean> {
  const { namespace, name, uid } = object.metadata;
  const isOptedOut = ({ metadata }: KubeObject) => metadata?.labels?.[chaosLabel] === chaosDisabled;
  let outdated =
    settings.ref !== undefined && (yield* refresh(stores.settings, configMaps, settings.ref));
  if (yield* refresh(stores.optedOutNamespaces, namespaces, { name: namespace }, isOptedOut)) {
    outdated = true;
  }
  // Also those that are not hit: there must be enough of them.
  for (const { metadata } of stores.pods.byIndex('owner', uid)) {
    const ref = { namespace, name: metadata?.name ?? '' };
    if (yield* refresh(stores.pods, pods, ref)) outdated = true;
  }
  // Not compared with the cache, but with what was decided on.
  const fresh = yield* get(haServices, { namespace, name });
  if (fresh.metadata.resourceVersion === object.metadata.resourceVersion) return outdated;
  stores.resources.observeWrite(fresh);
  return true;
}

/**
 * Reads an object into its cache. @returns whether the cache had another state.
 *
 * @param selects which objects belong into the cache
 */
function* refresh<T extends KubeObject>(
  store: Store<T>,
  type: ResourceType<T>,
  ref: Ref,
  selects: (object: T) => boolean = () => true,
): Steps<boolean> {
  const known = store.get(ref.namespace, ref.name);
  try {
    const found = yield* get(type, ref);
    if (!selects(found)) {
      if (known !== undefined) store.remove(found);
      return known !== undefined;
    }
    store.observeWrite(found);
    return known?.metadata?.resourceVersion !== found.metadata?.resourceVersion;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (known !== undefined) store.observeDelete(ref, known.metadata?.uid ?? '');
    return known !== undefined;
  }
}

/** @returns the pod, if it ends gracefully; Gone if there was none. */
function* kill(
  action: InjectFault['experiment']['action'],
  ref: Ref,
  uid: string,
): Steps<KubeObject | 'Gone' | undefined> {
  switch (action) {
    case 'PodKill':
    case 'ZoneKill':
      return (
        (yield* deleteObject(pods, ref, { uid, gracePeriodSeconds: killGraceSeconds })) ?? 'Gone'
      );
    case 'PodDelete':
      return (yield* deleteObject(pods, ref, { uid })) ?? 'Gone';
    case 'Evict':
      yield* evict(pods, ref, { uid });
      return undefined;
  }
}
