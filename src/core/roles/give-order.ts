import type { OrderKind } from '../../protocol/member-protocol.ts';
import {
  type OrderDetails,
  type RolePlan,
  generationOf,
  lookAgain,
  roleCommandStateOf,
} from '../model/role-commands.ts';
import type { Member, Observed } from '../model/observed.ts';
import { isContradicted, showMs } from '../model/takes-orders.ts';

interface Given {
  action: OrderKind;
  epoch: number;
  reason: string;
  order: OrderDetails;
}

/** Gives an order, unless it is under way, was carried out a moment ago, or waits after a failure. */
export function giveOrder(
  plan: RolePlan,
  { roleCommands }: Observed,
  member: Member,
  given: Given,
  nowMs: number,
): void {
  const last = roleCommandStateOf(roleCommands, given.action, member);
  const state = last?.epoch === given.epoch ? last : undefined;
  if (state?.state === 'Running') return;
  if (state?.state === 'Failed' && state.retryAtMs > nowMs) {
    lookAgain(plan, state.retryAtMs);
    return;
  }
  const isSame = state?.history === given.order.history;
  if (state?.state === 'Done' && isSame && !isContradicted(state.calledAtMs, member, nowMs)) {
    lookAgain(plan, state.calledAtMs + showMs);
    return;
  }
  plan.commands.push({
    ...given,
    member,
    generation: generationOf(member),
    failures: state?.failures ?? 0,
    message: state?.message ?? '',
  });
}
