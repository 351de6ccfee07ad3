import type { Position } from '../../protocol/member-protocol.ts';
import type { Fencing } from '../../api/status.ts';
import { candidatesOf } from './candidates.ts';
import { type ElectionContext, describeRejections, elect } from './election.ts';
import {
  type FailoverPlan,
  electionOf,
  fencingOf,
  neverPrimary,
  whatHelps,
} from './failover-plan.ts';
import type { Failure } from './failure.ts';
import { type Fence, byFollowers, fenceOf, fencedLeader, mayVote, mustFence } from './fence.ts';
import { begunMs, describeCause } from './failover-backoff.ts';
import { hasQuorum } from '../model/capabilities.ts';
import { isFenced, isHealthy, reportOf } from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import { absentHolder, comesUntilMs, holderBack } from './stopped.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { comparePositions, positionOf } from '../model/position.ts';
import { owesFence } from '../model/takes-orders.ts';
import { goOnWithLess } from './lost-copies.ts';
import { refusesAll } from '../model/refuses-all.ts';

/**
 * A failover that must begin with a fence. Its epoch is committed first, and then all members are ordered to stop. If it is already
 * proved that the old primary is gone (its process has ended) and the successor needs no positions, the election follows at once.
 */
export function planFence(
  resource: Resource,
  observed: Observed,
  failure: Failure,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const fencing = fencingOf(resource, failure, nowMs);
  const fence = hasQuorum(resource.spec) ? undefined : fenceOf(resource, observed, nowMs);
  return fence?.isProved === true
    ? choose(resource, observed, fencing, fence, context, nowMs)
    : { kind: 'Fence', why: failure.what, fencing };
}

/** The epoch of the fence is committed: elects as soon as the fence is proved; until then says what is missing. */
export function planFenced(
  resource: Resource,
  observed: Observed,
  fencing: Fencing,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const { status } = resource;
  const fence = fenceOf(resource, observed, nowMs);
  if (fence.isProved) return choose(resource, observed, fencing, fence, context, nowMs);
  const what = describeCause(fencing);
  const message = `${what}; ${fence.missing}`;
  // Answers may come at any moment: until then nothing is wrong.
  if (isAsking(observed, fencing.epoch)) return { kind: 'Wait', untilMs: Infinity, message };
  const comesMs = status.stopped === true ? comesUntilMs(resource, observed, nowMs) : undefined;
  if (comesMs !== undefined) return { kind: 'Wait', untilMs: comesMs, message };
  return {
    kind: 'Blocked',
    ...(hasQuorum(resource.spec)
      ? {
          reason: 'QuorumMissing',
          message: `${message}${goOnWithLess(resource, observed, elect(observed.members, context))}`,
        }
      : { reason: 'LeaseNotExpired', message }),
    ...(fence.untilMs === undefined ? {} : { untilMs: fence.untilMs }),
  };
}

/** `which`: of several members that hang, one or another would be asked again at any time. */
const isAsking = (
  { roleCommands }: Observed,
  epoch: number,
  which: 'Ever' | 'ForTheFirstTime' = 'Ever',
): boolean =>
  roleCommands.some(
    ({ action, state, failures, ...hook }) =>
      action === 'fence' &&
      state === 'Running' &&
      hook.epoch === epoch &&
      (which === 'Ever' || failures === 0),
  );

/**
 * The members that certainly hold every acknowledged write. If enough followers have reported their positions, the most advanced of
 * them does, so all of them are candidates. If only the former primary has reported, it alone, and every member that is known to be
 * as advanced; if its own position is unknown, no other member can be compared with it. If the vote of a follower is needed that
 * refuses all orders, or that the user has forbidden to lead, that one cannot be elected, and no member with less data may be.
 */
function holders(resource: Resource, observed: Observed, epoch: number) {
  const why = 'has not told its position in this epoch';
  const leader = fencedLeader(resource, observed, epoch);
  if (observed.unsafe === 'no-quorum') {
    return { uids: new Set(observed.members.map(({ uid }) => uid)), why };
  }
  const isQuorum = byFollowers(resource, observed, epoch).isProved;
  const refusers = isQuorum ? neededUnelectable(resource, observed, epoch) : [];
  const led = leader && positionOf(leader);
  const hasAllOf = (member: Member, other: Position | undefined) =>
    other !== undefined && comparePositions(positionOf(member), other) >= 0;
  const uids = observed.members.filter(
    (member) =>
      member.uid === leader?.uid ||
      (mayVote(member, epoch, observed) &&
        ((isQuorum && refusers.every((each) => hasAllOf(member, positionOf(each)))) ||
          hasAllOf(member, led))),
  );
  const most = isQuorum
    ? refusers.map(({ name }) => name).join(', ')
    : (leader?.name ?? 'the primary');
  return {
    uids: new Set(uids.map(({ uid }) => uid)),
    why: most === '' ? why : `is not known to hold all that ${most} holds`,
  };
}

/** Followers that refuse all orders, or may not lead, and whose votes the quorum needs. */
function neededUnelectable(resource: Resource, observed: Observed, epoch: number): Member[] {
  const refuses = (member: Member) =>
    refusesAll(member, resource.status.epoch) || !mayLead(resource, member);
  const members = observed.members.filter((member) => !refuses(member));
  if (byFollowers(resource, { ...observed, members }, epoch).isProved) return [];
  return observed.members.filter(
    (member) =>
      refuses(member) &&
      member.name !== resource.status.primary &&
      mayVote(member, epoch, observed),
  );
}

/** A planned change: the member that is wanted has not answered yet. */
const isStillWanted = (
  { members }: Observed,
  { wanted, epoch }: Fencing,
  winner: Member,
): boolean =>
  wanted !== undefined &&
  winner.name !== wanted &&
  members.some(
    (member) => member.name === wanted && isHealthy(member) && !isFenced(reportOf(member), epoch),
  );

/** A planned change: the primary has answered, and now the others are told. See waitsForHandOver. */
const isAboutToAsk = (
  resource: Resource,
  observed: Observed,
  { trigger }: Fencing,
  nowMs: number,
): boolean =>
  trigger === 'Switchover' &&
  observed.members.some(
    (member) =>
      member.name !== resource.status.primary && owesFence(resource, observed, member, nowMs),
  );

function choose(
  resource: Resource,
  observed: Observed,
  fencing: Fencing,
  fence: Extract<Fence, { isProved: true }>,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const { status, spec } = resource;
  const { epoch } = fencing;
  const what = describeCause(fencing);
  const absent = hasQuorum(spec) ? undefined : absentHolder(resource, observed, nowMs);
  if (absent !== undefined) return absent;
  const isHolderBack = !hasQuorum(spec) && holderBack(resource, observed) !== undefined;
  const wish: ElectionContext = {
    ...context,
    ...(hasQuorum(spec) ? { byPosition: 'Strong', only: holders(resource, observed, epoch) } : {}),
    failedZone: status.members?.find(({ uid }) => uid === status.primaryUID)?.zone,
    // What the user asks for by an edit of the spec is no failover.
    onlyName:
      (spec.failover.automatic || fencing.trigger === 'Switchover') && !isHolderBack
        ? undefined
        : status.primary,
  };
  const isRelieved = ['Switchover', 'Isolated', 'TooHighEpoch'].includes(fencing.trigger);
  const notName = isRelieved ? fencing.from : undefined;
  let { winner, rejected, ranked, forbidden } = elect(observed.members, { ...wish, notName });
  // The primary has answered; members that could replace it may be about to.
  const isLastResort =
    winner === undefined
      ? isRelieved
      : (!mayLead(resource, winner) && winner.name === status.primary) ||
        isStillWanted(observed, fencing, winner);
  const isAwaited =
    isAsking(observed, epoch, 'ForTheFirstTime') ||
    isAboutToAsk(resource, observed, fencing, nowMs);
  if (isLastResort && isAwaited) {
    return { kind: 'Wait', untilMs: Infinity, message: what };
  }
  // No member can replace it, and it was well: it stays the primary.
  if (winner === undefined)
    ({ winner, rejected, ranked, forbidden } = elect(observed.members, wish));
  if (winner === undefined) {
    if (forbidden.length > 0)
      return neverPrimary(resource, what, describeRejections(rejected), forbidden);
    return {
      kind: 'Blocked',
      reason: spec.failover.automatic ? 'NoCandidate' : 'AutomaticFailoverDisabled',
      message: `${what}; no member can take over: ${describeRejections(rejected)}. ${whatHelps(resource, observed)}`,
    };
  }
  return electionOf(winner, what, fencing, {
    // Eventual without a lease needs no proof, and so the record has none: formerLeaderLeads relies on it.
    ...(mustFence(resource, observed)
      ? { fence: `${fence.method}: ${fence.proof}`.slice(0, 1024) }
      : {}),
    candidates: candidatesOf(ranked, rejected),
    fenceMs: Math.max(0, Math.round(nowMs - begunMs(fencing))),
  });
}
