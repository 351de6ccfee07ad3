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
  /** Hash of the wished-for template: members made from it go first. */
  templateHash: string;
  /** That the status names. */
  epoch: number | undefined;
  roleCommands: RoleCommandState[];
  /** Where the status does not know the primary any more: whether one labelled so goes first. */
  keepLabelled?: boolean;
  /** Members report how far they have come: the most advanced goes first, and who holds nothing cannot go. */
  byPosition?: 'Strong' | 'Eventual' | undefined;
  /** Members that were made without the agent can be elected, and have nothing to tell. See lacksAgent. */
  lacksAgent?: (member: Member) => boolean;
  /** Also a member may be elected that holds old data. See isOld. */
  acceptsOld?: boolean;
  /** Who may be elected at all; all others are rejected for this reason. */
  only?: { uids: Set<string>; why: string };
  /** Whom this election is to relieve. */
  notName?: string | undefined;
  /** Only this pod may be elected, where nobody allowed another (failover.automatic: false). */
  onlyName?: string | undefined;
}

/** Failures of promote calls after which another member is tried, while there is one. */
export const promoteAttempts = 3;

export interface Rejection {
  pod: string;
  why: string;
}

/**
 * Why a member may not be elected, in a clause for a person; undefined if it may. The one place that says who may lead: it must be
 * heard, take orders of this service, be among those that are sure to hold every acknowledged write (`only`), and be complete;
 * what it holds compared with others decides the order alone. Who may be counted in a fence is another question: see mayVote.
 */
function whyNot(member: Member, context: ElectionContext): string | undefined {
  if (context.notName === member.name) return 'is to be relieved';
  if (context.onlyName !== undefined && member.name !== context.onlyName) {
    return 'is another pod, and failover.automatic is false';
  }
  if (!isLive(member) || hasEnded(member) || !isHealthy(member)) return whyNotHealthy(member);
  if (refusesAll(member, context.epoch)) {
    return `has acknowledged epoch ${reportOf(member)?.epoch}, and refuses all that this service tells it`;
  }
  if (context.only !== undefined && !context.only.uids.has(member.uid)) return context.only.why;
  if (context.byPosition === undefined || context.lacksAgent?.(member) === true) return undefined;
  return whyIncomplete(member, context.acceptsOld);
}

/** How often its promotion has failed in its present life. */
export const promoteFailures = (member: Member, roleCommands: RoleCommandState[]) =>
  roleCommandStateOf(roleCommands, 'promote', member)?.failures ?? 0;

/**
 * Chooses the next primary. Eligible is who is heard right now; readiness does not count, since standbys often
 * turn unready because the primary died. Order: the most advanced, where that is known (Strong: whatever else; Eventual: after
 * those whose promotion failed), one whose promotion has not just failed, the one that was primary (where
 * the status was lost), the wished-for template, one whose data survive its restart, one that has missed no heartbeat (what silenced the primary may have silenced its neighbours), a node that
 * is Ready, outside the failed primary's zone, outside the operator's own zone (so that one lost zone cannot take
 * both), lowest ordinal.
 */
export function elect(
  members: Member[],
  context: ElectionContext,
): { winner?: Member; rejected: Rejection[]; ranked: Member[] } {
  const rejected: Rejection[] = [];
  const eligible: Member[] = [];
  for (const member of members) {
    const why = whyNot(member, context);
    if (why === undefined) eligible.push(member);
    else rejected.push({ pod: member.name, why });
  }
  const promotionFailed = (member: Member) =>
    promoteFailures(member, context.roleCommands) >= promoteAttempts ? 1 : 0;
  const rank = (member: Member): number[] => [
    promotionFailed(member),
    context.keepLabelled === true && member.labels[roleLabel] === 'primary' ? 0 : 1,
    member.templateHash === context.templateHash ? 0 : 1,
    isDurable(member) ? 0 : 1,
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
  return { ...(winner === undefined ? {} : { winner }), rejected, ranked: eligible };
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
