import type { HookSpec } from '../../api/engine-spec.ts';
import { type HookCall, callHook } from '../../member-client/hooks.ts';
import type { OrderTarget } from '../../member-client/order-answer.ts';
import { sendOrder } from '../../member-client/orders.ts';
import type { MemberReport, Order, OrderKind } from '../../protocol/member-protocol.ts';

/** A role command as it goes to a member: a hook of the user's, or an order of the member protocol. */
export type OutgoingRoleCommand =
  | { hook: HookSpec; host: string; defaultPort: number; call: HookCall }
  | { kind: OrderKind; order: Order; target: Omit<OrderTarget, 'signal'> };

/** What came of it. An order is answered with the member's report. */
export type RoleCommandEnd = { report?: MemberReport } | { error: unknown };

/**
 * Sends a role command. Calls `done` once, never during the call itself: with an error after a timeout or the signal, too. The
 * member may obey all the same then.
 */
export type SendRoleCommand = (
  call: OutgoingRoleCommand,
  signal: AbortSignal,
  done: (end: RoleCommandEnd) => void,
) => void;

/** Over the network. */
export const sendRoleCommand: SendRoleCommand = (call, signal, done) => {
  send(call, signal).then(done, (error: unknown) => done({ error }));
};

async function send(call: OutgoingRoleCommand, signal: AbortSignal): Promise<RoleCommandEnd> {
  if ('hook' in call) {
    await callHook(call.hook, call.host, call.defaultPort, call.call, { signal });
    return {};
  }
  return { report: await sendOrder(call.kind, call.order, { ...call.target, signal }) };
}
