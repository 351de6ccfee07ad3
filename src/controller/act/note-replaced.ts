import type { Action } from '../../core/model/action.ts';
import { seemsWell } from '../../core/model/member.ts';
import type { Member } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/** Remembers the pods that are about to be replaced, and are well: their programs may end before their deletion is seen. */
export function noteReplaced(state: ReconcileState, members: Member[], actions: Action[]): void {
  const uids = actions.flatMap((action) =>
    action.type === 'DeletePod' &&
    action.removal.reason === 'Outdated' &&
    seemsWell(action.removal.member)
      ? [action.removal.member.uid]
      : [],
  );
  const known = members.map(({ uid }) => uid).filter((uid) => state.replaced.has(uid));
  state.replaced = new Set([...known, ...uids]);
}
