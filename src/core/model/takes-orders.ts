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

/** It is asked, or about to be, to fence itself in the epoch of the status, and its answer is still to come. */
export function owesFence(resource: Resource, observed: Observed, member: Member): boolean {
  const report = reportOf(member);
  return (
    isHealthy(member) &&
    takesOrders(resource, member) &&
    // A member that reports nothing is told nothing.
    report !== undefined &&
    !isFenced(report, resource.status.epoch ?? 0) &&
    !hasRefusedFence(resource, observed, member)
  );
}
