import { expect, it } from 'vitest';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { forgetFailedPromotions } from './forget-old.ts';

it('forgets with another spec that the promotion of a standby has failed, and nothing else', () => {
  const state = new ReconcileStates().of('shop/web');
  const base = { generation: 0, epoch: 1, message: '', calledAtMs: 0, retryAtMs: 0 };
  for (const [id, action, failures] of [
    ['primary', 'promote', 3],
    ['failed', 'promote', 3],
    ['promoted', 'promote', 0],
    ['fenced', 'fence', 3],
  ] as const) {
    state.roleCommands.set(id, { ...base, action, uid: id, state: 'Failed', failures });
  }
  forgetFailedPromotions(state, 'primary');
  const counts = [...state.roleCommands.values()].map(({ uid, failures }) => [uid, failures]);
  expect(counts).toEqual([
    ['primary', 3],
    ['failed', 0],
    ['promoted', 0],
    ['fenced', 3],
  ]);
});
