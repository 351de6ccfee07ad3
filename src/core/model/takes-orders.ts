import { transportOf } from './contact.ts';
import { isFenced, isHealthy, reportOf } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';
import { refusesAll } from './refuses-all.ts';
import { reachable, roleCommandStateOf } from './role-commands.ts';

/** The member can be reached, and no other client has given it an order that makes it refuse those of this service. */
export const takesOrders = ({ spec, status }: Resource, member: Member): boolean =>
  transportOf(spec, member) !== undefined && reachable(member) && !refusesAll(member, status.epoch);

/** It has not carried out an order to fence itself in this epoch. An earlier epoch's failure says nothing: that order has ended. */
export function hasRefusedFence({ status }: Resource, observed: Observed, member: Member): boolean {
  const last = roleCommandStateOf(observed.roleCommands, 'fence', member);
  return last !== undefined && last.epoch === status.epoch && last.failures > 0;
}

/** How long a member's reports may take to show the effect of an order, before the order is given again. Milliseconds. */
export const showMs = 2_000;

/** The member has answered an order, and has reported since, after enough time, and its report still does not show the order. */
export const isContradicted = (calledAtMs: number, member: Member, nowMs: number): boolean =>
  nowMs >= calledAtMs + showMs && (member.health?.reportedAtMs ?? nowMs) >= calledAtMs;

/**
 * It is asked, or about to be, to fence itself in the epoch of the status, and its answer is still to come. An answer that its reports
 * contradict is no answer to wait for: it would be given again and again.
 */
export function owesFence(
  resource: Resource,
  observed: Observed,
  member: Member,
  nowMs: number,
): boolean {
  const last = roleCommandStateOf(observed.roleCommands, 'fence', member);
  const hasAnswered = last?.state === 'Done' && last.epoch === resource.status.epoch;
  const report = reportOf(member);
  return (
    isHealthy(member) &&
    takesOrders(resource, member) &&
    // A member that reports nothing is told nothing.
    report !== undefined &&
    !isFenced(report, resource.status.epoch ?? 0) &&
    !hasRefusedFence(resource, observed, member) &&
    !(hasAnswered && isContradicted(last.calledAtMs, member, nowMs))
  );
}
