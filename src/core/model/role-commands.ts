import type { HookKind, HookSpec } from '../../api/engine-spec.ts';
import type { Order, OrderKind } from '../../protocol/member-protocol.ts';
import type { RoleCommandState, Member, Observed, RoleCommandKind } from './observed.ts';

/** The fields of an order besides its member and epoch. */
export type OrderDetails = Partial<
  Pick<Order<'promote'>, 'init' | 'sync' | 'nonce' | 'acceptOld'>
> &
  Partial<Pick<Order<'follow'>, 'leader' | 'start' | 'history'>>;

interface Command {
  member: Member;
  epoch: number;
  generation: number;
  /** How many times it has failed so far, and the last failure. */
  failures: number;
  message: string;
  reason: string;
}

/** A hook of the user's that tells a member its role. */
export interface HookCommand extends Command {
  action: HookKind;
  hook: HookSpec;
  order?: never;
}

/** An order of the member protocol that tells a member its role. */
export interface OrderCommand extends Command {
  action: OrderKind;
  hook?: never;
  order: OrderDetails;
}

/** A hook or an order that tells a member its role. It may be repeated. */
export type RoleCommand = HookCommand | OrderCommand;

export interface RolePlan {
  commands: RoleCommand[];
  /** The primary's present process has acknowledged its role in this epoch, or needs no command. */
  promoted: boolean;
  requeueAtMs?: number;
}

export const reachable = (member: Member) =>
  member.ip !== undefined &&
  member.health !== undefined &&
  ['Healthy', 'Suspect', 'Unhealthy'].includes(member.health.verdict);

export const generationOf = (member: Member) => member.health?.generation ?? 0;

/** The state of the last such command for the member's present process. */
export const roleCommandStateOf = (
  roleCommands: RoleCommandState[],
  action: RoleCommandKind,
  member: Member,
) =>
  roleCommands.find(
    (hook) =>
      hook.action === action && hook.uid === member.uid && hook.generation === generationOf(member),
  );

/**
 * After how long it counts no more that a standby could not be promoted: what was wrong may be mended, and nothing shows that but
 * another try. Milliseconds.
 */
const promotionLapsesMs = 300_000;

/**
 * Without the failed promotions of standbys that count no more: they are too long ago, or the spec is another one now, such as one with
 * another hook. That of the primary still counts, as it is tried again; and it still counts that a member was told something.
 *
 * @returns also when the first of the others counts no more. Epoch milliseconds
 */
export function withoutLapsed(
  { roleCommands, generationSinceMs = -Infinity }: Observed,
  primaryUID: string | undefined,
  nowMs: number,
): { roleCommands: RoleCommandState[]; nextAtMs: number } {
  let nextAtMs = Infinity;
  const counting = roleCommands.map((command) => {
    const { action, failures, uid, calledAtMs } = command;
    if (action !== 'promote' || failures === 0 || uid === primaryUID) return command;
    const lapsesAtMs = calledAtMs + promotionLapsesMs;
    if (calledAtMs < generationSinceMs || lapsesAtMs <= nowMs) return { ...command, failures: 0 };
    nextAtMs = Math.min(nextAtMs, lapsesAtMs);
    return command;
  });
  return { roleCommands: counting, nextAtMs };
}

/** Decides again at `atMs` at the latest. */
export function lookAgain(plan: { requeueAtMs?: number }, atMs: number): void {
  plan.requeueAtMs = Math.min(plan.requeueAtMs ?? Infinity, atMs);
}
