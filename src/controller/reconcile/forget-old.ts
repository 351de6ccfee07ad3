import type { Decision } from '../../core/model/decision.ts';
import type { Observed } from '../../core/model/observed.ts';
import { describe } from '../act/execute.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/** Forgets the role commands of pods that are gone, and foreign pods that were found too long ago. */
export function forgetOld(state: ReconcileState, { members }: Observed, nowMs: number): void {
  const known = new Set(members.map(({ uid }) => uid));
  for (const [id, { uid }] of state.roleCommands)
    if (!known.has(uid)) state.roleCommands.delete(id);
  for (const [name, { untilMs }] of state.foreignPods) {
    if (nowMs >= untilMs) state.foreignPods.delete(name);
  }
}

/** Forgets the failures of actions that are no longer decided. True if there was one: it must be removed from the status, too. */
export function forgetOldFailures(state: ReconcileState, { actions }: Decision): boolean {
  const wanted = new Set(actions.map(describe));
  const old = [...state.failures.keys()].filter((what) => !wanted.has(what));
  for (const what of old) state.failures.delete(what);
  return old.length > 0;
}
