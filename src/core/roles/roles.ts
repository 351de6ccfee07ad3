import type { HookKind, HookSpec } from '../../api/engine-spec.ts';
import {
  type RolePlan,
  generationOf,
  lookAgain,
  reachable,
  roleCommandStateOf,
} from '../model/role-commands.ts';
import { hooksOf, transportOf } from '../model/contact.ts';
import { speaksProtocol } from '../model/capabilities.ts';
import { isHealthy } from '../model/member.ts';
import { formerLeaderLeads } from './former-leader.ts';
import { planOrders } from './orders.ts';
import type { RoleCommandState, Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';

/**
 * Every member that can be reached gets its role once for each of its processes (generation): the primary in each epoch (promote),
 * any other one at its first answer and after it has been primary (demote). So a process that was restarted, or was frozen while
 * its successor was promoted, learns its role. A new operator process does not know which roles were given, and gives them again.
 */
export function planRoles(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  nowMs: number,
): RolePlan {
  const { spec } = resource;
  if (isActive(resource)) return { commands: [], promoted: primary !== undefined };
  const takesNone = (member: Member) => transportOf(spec, member) === undefined;
  const plain = observed.members.filter(takesNone);
  if (plain.length === observed.members.length && !speaksProtocol(spec)) {
    return planHooks(resource, observed, plain, primary, nowMs);
  }
  if (plain.length === 0) return planOrders(resource, observed, primary, nowMs);
  // Some were made before the spec asked for members that take orders, or for members that take none.
  const isFencing = resource.status.fencing !== undefined;
  const isPlain = primary !== undefined && !isFencing && takesNone(primary);
  const told = planHooks(resource, observed, plain, isPlain ? primary : undefined, nowMs);
  const plainLeads = isPlain && told.promoted && isHealthy(primary);
  const orders = planOrders(resource, observed, primary, nowMs, plainLeads);
  return {
    ...orders,
    commands: [...orders.commands, ...told.commands],
    ...earlier(orders.requeueAtMs, told.requeueAtMs),
  };
}

const earlier = (...times: (number | undefined)[]): { requeueAtMs?: number } => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? {} : { requeueAtMs: Math.min(...known) };
};

/** The user's hooks, for some of the members. `primary`: if it is one of them. */
function planHooks(
  resource: Resource,
  observed: Observed,
  members: Member[],
  primary: Member | undefined,
  nowMs: number,
): RolePlan {
  const { spec } = resource;
  const epoch = resource.status.epoch ?? 0;
  const plan: RolePlan = { commands: [], promoted: primary !== undefined };

  const call = (
    action: HookKind,
    hook: HookSpec,
    member: Member,
    isCurrent: (state: RoleCommandState) => boolean,
    reason: string,
  ): boolean => {
    const state = roleCommandStateOf(observed.roleCommands, action, member);
    const current = state !== undefined && isCurrent(state) ? state : undefined;
    if (current?.state === 'Done') return true;
    if (current?.state === 'Running') return false;
    if (current !== undefined && current.retryAtMs > nowMs) {
      lookAgain(plan, current.retryAtMs);
      return false;
    }
    plan.commands.push({
      action,
      hook,
      member,
      epoch,
      generation: generationOf(member),
      failures: current?.failures ?? 0,
      message: current?.message ?? '',
      reason,
    });
    return false;
  };

  for (const member of members) {
    const { demote } = hooksOf(spec, member);
    if (demote === undefined || member.uid === resource.status.primaryUID) continue;
    if (epoch === 0 || !reachable(member)) continue;
    // A later demote follows each promote, also in the same epoch: the service may have been stopped in between.
    const promotedAtMs =
      roleCommandStateOf(observed.roleCommands, 'promote', member)?.calledAtMs ?? -Infinity;
    const formerIn =
      resource.status.failovers?.[0]?.from === member.name ? resource.status.failovers[0].epoch : 0;
    call(
      'demote',
      demote,
      member,
      (told) => told.epoch >= formerIn && told.calledAtMs >= promotedAtMs,
      `${resource.status.primary ?? 'another'} is primary`,
    );
  }
  const promote = primary && hooksOf(spec, primary).promote;
  if (primary !== undefined && promote !== undefined) {
    plan.promoted = false;
    if (reachable(primary) && !formerLeaderLeads(resource, observed)) {
      const why = resource.status.failovers?.[0]?.trigger ?? 'Elected';
      plan.promoted = call('promote', promote, primary, (told) => told.epoch === epoch, why);
    } else {
      plan.promoted =
        roleCommandStateOf(observed.roleCommands, 'promote', primary)?.epoch === epoch &&
        roleCommandStateOf(observed.roleCommands, 'promote', primary)?.state === 'Done';
    }
  } else if (primary !== undefined && formerLeaderLeads(resource, observed)) {
    plan.promoted = false;
  }
  return plan;
}
