import type { HookKind, HookSpec } from '../../api/engine-spec.ts';
import type { Order, OrderKind } from '../../protocol/member-protocol.ts';
import type { RoleCommandState, Member, RoleCommandKind } from './observed.ts';

/** What an order says besides whom it is for and in which epoch. */
export type OrderDetails = Partial<
  Pick<Order<'promote'>, 'init' | 'sync' | 'nonce' | 'acceptOld'>
> &
  Partial<Pick<Order<'follow'>, 'leader' | 'start'>>;

interface Command {
  member: Member;
  epoch: number;
  generation: number;
  /** Its failures so far, and what the last one was. */
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

/** A call that tells a member its role. May be repeated. */
export type RoleCommand = HookCommand | OrderCommand;

export interface RolePlan {
  commands: RoleCommand[];
  /** The primary has been told its role in this epoch and life, or needs no telling. */
  promoted: boolean;
  requeueAtMs?: number;
}

export const reachable = (member: Member) =>
  member.ip !== undefined &&
  member.health !== undefined &&
  ['Healthy', 'Suspect', 'Unhealthy'].includes(member.health.verdict);

export const generationOf = (member: Member) => member.health?.generation ?? 0;

/** What became of the last such call in the member's present life. */
export const roleCommandStateOf = (
  roleCommands: RoleCommandState[],
  action: RoleCommandKind,
  member: Member,
) =>
  roleCommands.find(
    (hook) =>
      hook.action === action && hook.uid === member.uid && hook.generation === generationOf(member),
  );

/** Look again at `atMs` at the latest. */
export function lookAgain(plan: { requeueAtMs?: number }, atMs: number): void {
  plan.requeueAtMs = Math.min(plan.requeueAtMs ?? Infinity, atMs);
}
