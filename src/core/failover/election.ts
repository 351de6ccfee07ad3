import { roleLabel } from '../../api/labels.ts';
import {
  hasEnded,
  isDurable,
  isHealthy,
  isLive,
  reportOf,
  whyNotHealthy,
  whyIncomplete,
} from '../model/member.ts';
import type { RoleCommandState, Member } from '../model/observed.ts';
import { comparePositions, positionOf } from '../model/position.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { roleCommandStateOf } from '../model/role-commands.ts';

export interface ElectionContext {
  /** Zone of the member that failed. */
  failedZone?: string | undefined;
  operatorZone?: string | undefined;
  /** Members made from another spec: the others are preferred. */
  isOutdated: (member: Member) => boolean;
  /** The epoch in the status. */
  epoch: number | undefined;
  roleCommands: RoleCommandState[];
  /** If the status no longer names the primary: whether a member with its label is preferred. */
  keepLabelled?: boolean;
  /** Members report their positions: the most advanced is preferred, and a member without data cannot be elected. */
  byPosition?: 'Strong' | 'Eventual' | undefined;
  /** Members that were created before the spec asked for reports can be elected without one. See takesNoOrders. */
  takesNoOrders?: (member: Member) => boolean;
  /** A member with old data may be elected, too. See isOld. */
  acceptsOld?: boolean;
  /** The only members that may be elected; all others are rejected for this reason. */
  only?: { uids: Set<string>; why: string };
  /** The member that is to hand over its role. */
  notName?: string | undefined;
  /** The member for which a planned change was begun: preferred among those that have the same data. */
  wanted?: string | undefined;
  /** Whether the spec prefers a member. */
  isPreferred?: (member: Member) => boolean;
  /** Why the user has forbidden a member to lead: see whyNeverPrimary. */
  whyNever?: (member: Member) => string | undefined;
  /** The primary until now: if no other member can be elected it leads on, also if the user has forbidden that meanwhile. */
  incumbent?: string | undefined;
  /** Only this pod may be elected, because the user has not allowed another (failover.automatic: false). */
  onlyName?: string | undefined;
}

/** Failures of promote after which another member is tried, if there is one. */
export const promoteAttempts = 3;

export interface Rejection {
  pod: string;
  why: string;
}

/**
 * Why a member may not be elected, in a clause for a person; undefined if it may. This is the one place that decides which members
 * may lead: a member must be healthy, accept orders of this service, be among those that certainly hold every acknowledged write
 * (`only`), be complete, and not be forbidden to lead. Its position only decides the order. Which members count for a fence is another question: see mayVote.
 */
function whyNot(member: Member, context: ElectionContext): string | undefined {
  return whyUnable(member, context) ?? context.whyNever?.(member);
}

/** The same without what the user has forbidden. */
function whyUnable(member: Member, context: ElectionContext): string | undefined {
  if (context.notName === member.name) return 'is to be relieved';
  if (context.onlyName !== undefined && member.name !== context.onlyName) {
    return 'is another pod, and failover.automatic is false';
  }
  if (!isLive(member) || hasEnded(member) || !isHealthy(member)) return whyNotHealthy(member);
  if (refusesAll(member, context.epoch)) {
    return `has acknowledged epoch ${reportOf(member)?.epoch}, and refuses all that this service tells it`;
  }
  if (context.only !== undefined && !context.only.uids.has(member.uid)) return context.only.why;
  if (context.takesNoOrders?.(member) === true) return undefined;
  if (context.byPosition === undefined) {
    // A member that was made when the spec asked for reports may still send them.
    return reportOf(member)?.state === 'Starting' ? 'is still starting' : undefined;
  }
  return whyIncomplete(member, context.acceptsOld);
}

/** The promotion of its present process has failed as often as is tried. */
export const couldNotBePromoted = (member: Member, roleCommands: RoleCommandState[]): boolean =>
  (roleCommandStateOf(roleCommands, 'promote', member)?.failures ?? 0) >= promoteAttempts;

export interface Election {
  winner?: Member;
  rejected: Rejection[];
  /** Those that could be elected, the winner first. */
  ranked: Member[];
  /** Those that could if the user had not forbidden it. */
  forbidden: Member[];
}

/**
 * Chooses the next primary. Healthy members are eligible; readiness does not count, since standbys often become unready because the
 * primary died. They are preferred in this order: the most advanced, if positions are known (Strong: before all else; Eventual:
 * after members whose promotion failed), no failed promotion, the member that a planned change is for, the label of the primary (if
 * the status was lost), the present template, data that survive a restart, a node that it need not leave soon, the preference of the
 * spec, no missing heartbeat (the fault of the primary may affect its neighbours), a Ready node, a zone other than that of the failed
 * primary, a zone other than the operator's (so that one lost zone cannot take both), the lowest ordinal.
 */
export function elect(members: Member[], context: ElectionContext): Election {
  const isAble = (member: Member) => whyNot(member, context) === undefined;
  const forbidden = members.filter(
    (member) => !isAble(member) && whyUnable(member, context) === undefined,
  );
  const able = members.filter(isAble);
  const eligible =
    able.length > 0 ? able : forbidden.filter(({ name }) => name === context.incumbent);
  const rejected = members
    .filter((member) => !eligible.includes(member))
    .map((member) => ({ pod: member.name, why: whyNot(member, context) ?? '' }));
  const promotionFailed = (member: Member) =>
    couldNotBePromoted(member, context.roleCommands) ? 1 : 0;
  const rank = (member: Member): number[] => [
    promotionFailed(member),
    context.wanted === member.name ? 0 : 1,
    context.keepLabelled === true && member.labels[roleLabel] === 'primary' ? 0 : 1,
    context.isOutdated(member) ? 1 : 0,
    isDurable(member) ? 0 : 1,
    member.leavesNode === undefined ? 0 : 1,
    context.isPreferred?.(member) === false ? 1 : 0,
    member.health?.verdict === 'Suspect' ? 1 : 0,
    member.nodeReady ? 0 : 1,
    inZone(member, context.failedZone),
    inZone(member, context.operatorZone),
    member.ordinal,
  ];
  const advance = (a: Member, b: Member) =>
    context.byPosition === undefined ? 0 : comparePositions(positionOf(b), positionOf(a));
  const failed = (member: Member) =>
    context.byPosition === 'Eventual' ? promotionFailed(member) : 0;
  eligible.sort((a, b) => failed(a) - failed(b) || advance(a, b) || compare(rank(a), rank(b)));
  const [winner] = eligible;
  return { ...(winner === undefined ? {} : { winner }), rejected, ranked: eligible, forbidden };
}

/**
 * For a planned change: the best of those that suit, or else of all. Their positions are compared only afterwards, as those that the
 * members report while the primary takes writes differ by the age of the reports.
 */
export function electFirst(
  members: Member[],
  suits: (member: Member) => boolean,
  context: ElectionContext,
): Election {
  const election = elect(members.filter(suits), context);
  return election.winner === undefined ? elect(members, context) : election;
}

const inZone = (member: Member, zone: string | undefined) =>
  zone !== undefined && member.zone === zone ? 1 : 0;

function compare(a: number[], b: number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export const describeRejections = (rejected: Rejection[]): string =>
  rejected.length === 0
    ? 'there is no other member'
    : rejected.map(({ pod, why }) => `${pod} ${why}`).join(', ');
