import type { Action } from '../../core/model/action.ts';
import type { ExecuteContext } from './execute-context.ts';
import { HAError } from '../../api/errors.ts';
import { contactOf } from '../../core/model/contact.ts';
import {
  adoptPod,
  annotatePod,
  createPod,
  deletePod,
  labelPod,
  markComplete,
} from './pod-actions.ts';
import { endpointSlices, endpoints } from '../../kube/resources.ts';
import { giveUpClaim, growClaim, markScaledAway, ownClaim, patchClaim } from './claim-actions.ts';
import { injectFault } from './inject-fault.ts';
import { isAwaitingGarbageCollection, ownerOf } from '../state/owner-references.ts';
import { controllerField } from '../observe/name-holders.ts';
import { nameAdvice } from '../../core/status/name-advice.ts';
import { memberProbePort } from '../../core/model/ports.ts';
import { readsWaitMs } from '../../core/model/primary-suspected.ts';
import type { UndoneChange } from '../../core/status/undone-change.ts';
import { type Change, ensureOwnedObject, idOf } from './ensure-owned-object.ts';
import { type Steps, deleteObject } from '../../kube/api-request.ts';

/** The name of an action in messages. */
export function describe(action: Action): string {
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint':
      return `write ${action.manifest.kind} ${action.manifest.metadata.name}`;
    case 'CreatePod':
      return `create Pod ${action.manifest.metadata.name}`;
    case 'AdoptPod':
      return `take over Pod ${action.pod.name}`;
    case 'DeleteForeignEndpoints':
      return `delete ${action.endpoints.kind} ${action.endpoints.name}`;
    case 'DeletePod':
      return `${action.replacement === undefined ? 'delete' : 'replace'} Pod ${action.removal.member.name}`;
    case 'LabelPod':
      return `label Pod ${action.member.name}`;
    case 'AnnotatePod':
      return `annotate Pod ${action.member.name}: ${Object.keys(action.annotations).join()}`;
    case 'GrowClaim':
      return `grow PersistentVolumeClaim ${action.claim.name} to ${action.size}`;
    case 'LabelClaim':
      return `label PersistentVolumeClaim ${action.claim.name}`;
    case 'OwnClaim':
      return `${action.isOwned ? 'own' : 'disown'} PersistentVolumeClaim ${action.claim.name}`;
    case 'MarkScaledAway':
      return `${action.pod === undefined ? 'keep' : 'mark'} PersistentVolumeClaim ${action.claim.name}`;
    case 'GiveUpClaim':
      return `give up PersistentVolumeClaim ${action.claim.name}`;
    case 'MarkComplete':
      return `write status of Pod ${action.member.name}: its data are ${action.isComplete ? '' : 'not '}complete`;
    case 'InjectFault':
      return `${action.experiment.action} for experiment ${action.experiment.id}`;
    case 'ProbeSteadyState':
      return `request Service ${action.target.service}`;
    case 'GiveRoleCommand':
      return `${action.command.action} ${action.command.member.name}`;
  }
}

/**
 * Executes one action.
 *
 * @returns what it has changed; or the change by somebody else that it has undone
 * @throws HAError if the API server refused it, was not reached, or has failed.
 */
export function* execute(action: Action, context: ExecuteContext): Steps<Change | UndoneChange> {
  const { stores } = context;
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint': {
      if (waits(action, context)) return 'Same';
      const result = yield* ensureOwnedObject(stores, action.manifest, context.state.confirmed);
      if (typeof result === 'object' && 'foreign' in result) {
        const { foreign } = result;
        const owner = ownerOf(foreign);
        const controller = controllerField(foreign, context.resource, stores);
        const advice = nameAdvice({ owner, ...controller }, action.manifest.kind);
        const what = `cannot ${describe(action)}: it belongs to ${owner}: ${advice}`;
        const reason = isAwaitingGarbageCollection(foreign, context.resource)
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
      context.state.confirmed.delete(idOf({ kind, metadata: { name } }));
      return 'Written';
    }
    case 'GiveRoleCommand': {
      const { spec } = context.resource;
      const { member } = action.command;
      const { port = 0, transport } = contactOf(spec, member);
      const ports = {
        hook: memberProbePort(spec, member) ?? 0,
        order: port,
        grpc: transport === 'grpc',
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
    case 'LabelPod':
      return yield* labelPod(action, context);
    case 'AnnotatePod':
      return yield* annotatePod(action, context);
    case 'GrowClaim':
      return yield* growClaim(action, context);
    case 'LabelClaim':
      return yield* patchClaim(action.claim, { metadata: action.inherited }, context);
    case 'OwnClaim':
      return yield* ownClaim(action, context);
    case 'MarkScaledAway':
      return yield* markScaledAway(action, context);
    case 'GiveUpClaim':
      return yield* giveUpClaim(action, context);
    case 'MarkComplete':
      return yield* markComplete(action, context);
    case 'AdoptPod':
      return yield* adoptPod(action, context);
    case 'CreatePod':
      return yield* createPod(action, context);
    case 'DeletePod':
      return yield* deletePod(action, context);
    case 'InjectFault':
      return yield* injectFault(action, context);
    case 'ProbeSteadyState':
      context.steadyStateProber.start(context.key, context.state, action.target);
      return 'Same';
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
