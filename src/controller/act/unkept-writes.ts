import { isDeepStrictEqual } from 'node:util';
import type { Action } from '../../core/model/action.ts';
import {
  type OwnerReference,
  claimOwnerReference,
  ownerReference,
} from '../../core/model/manifest.ts';
import type { WriteFailure } from '../../core/model/fault.ts';
import { namesToRemove } from '../../core/resources/given-names.ts';
import { quantityOf } from '../../core/resources/quantity.ts';
import { nameOf } from '../../core/status/undone-change.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { isOwnedBy } from '../state/owner-references.ts';
import { kindOf as ownedKindOf, wishedParts } from './ensure-owned-object.ts';
import type { ExecuteContext } from './execute-context.ts';
import { differences } from './semantic-equality.ts';

/**
 * How long a write is not repeated whose result was not what was written: an admission webhook changes it, and would change it again, as
 * often as this process can ask. Milliseconds.
 */
const againMs = 30_000;

/** What the object of an action is to be like, in parts, and what it is like in the cache; undefined: it is not compared. */
function compared(
  action: Action,
  { stores, resource }: ExecuteContext,
): { wished: unknown[]; object: KubeObject | undefined } | undefined {
  const { namespace } = resource;
  /** Other owners may be there. */
  const owners = (object: KubeObject | undefined, owner: OwnerReference, isOwned: boolean) => {
    const isRight = object === undefined || isOwnedBy(object, owner.uid) === isOwned;
    const wish = { metadata: { ownerReferences: isOwned ? [owner] : null } };
    return { wished: isRight ? [] : [wish], object };
  };
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint': {
      const { manifest } = action;
      const object = ownedKindOf(manifest, stores).store.get(namespace, manifest.metadata.name);
      return { wished: wishedParts(manifest, namesToRemove(manifest, object?.metadata)), object };
    }
    case 'LabelPod': {
      const { member, labels, inherited = {} } = action;
      const wished = [{ metadata: { labels } }, { metadata: inherited }];
      return { wished, object: stores.pods.get(namespace, member.name) };
    }
    case 'AnnotatePod': {
      const { member, annotations } = action;
      const wished = [{ metadata: { annotations } }];
      return { wished, object: stores.pods.get(namespace, member.name) };
    }
    case 'LabelClaim': {
      const { claim, inherited } = action;
      return {
        wished: [{ metadata: inherited }],
        object: stores.claims.get(namespace, claim.name),
      };
    }
    case 'GrowClaim': {
      const { claim, size } = action;
      const object = stores.claims.get(namespace, claim.name);
      const found = quantityOf(object?.spec?.resources?.requests?.['storage']) ?? 0;
      const wish = { spec: { resources: { requests: { storage: size } } } };
      return { wished: found < (quantityOf(size) ?? 0) ? [wish] : [], object };
    }
    case 'OwnClaim': {
      const object = stores.claims.get(namespace, action.claim.name);
      return owners(object, claimOwnerReference(resource), action.isOwned);
    }
    case 'AdoptPod': {
      const object = stores.pods.get(namespace, action.pod.name);
      return owners(object, ownerReference(resource), true);
    }
    default:
      return undefined;
  }
}

/** Milliseconds until the action may be executed again, which would change nothing; 0: now. Any change of its object ends the wait. */
export function unkeptWaitMs(action: Action, what: string, context: ExecuteContext): number {
  const { state, clock } = context;
  const unkept = state.unkept.get(what);
  // Nearly always: then nothing is compared.
  if (unkept === undefined) return 0;
  const now = compared(action, context);
  if (now === undefined) return 0;
  const isSame =
    now.object?.metadata?.resourceVersion === unkept.resourceVersion &&
    isDeepStrictEqual(now.wished, unkept.wished);
  return isSame ? Math.max(0, unkept.untilMs - clock.now()) : 0;
}

/** Remembers an action that has written, if its object is not as it was written. @returns the failure, for the status. */
export function noteUnkept(
  action: Action,
  what: string,
  context: ExecuteContext,
): WriteFailure | undefined {
  const { state, clock } = context;
  const { wished = [], object } = compared(action, context) ?? {};
  const fields = wished.flatMap((each) => [...differences(each, object)]);
  if (object === undefined || fields.length === 0) {
    state.unkept.delete(what);
    return undefined;
  }
  const { resourceVersion } = object.metadata ?? {};
  state.unkept.set(what, { wished, resourceVersion, untilMs: clock.now() + againMs });
  const message = [...new Set(fields.map(nameOf))].join(', ');
  return { what, reason: 'WriteNotKept', message };
}
