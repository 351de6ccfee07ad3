import { switchoverAnnotation } from '../../api/labels.ts';
import { type ElectionContext, couldNotBePromoted, electFirst } from './election.ts';
import { electionContextOf } from './election-context.ts';
import { type FailoverPlan, electionOf, fencingOf, inFlight } from './failover-plan.ts';
import type { Failure } from './failure.ts';
import { mustFence } from './fence.ts';
import { stayedUntilMs } from './failover-backoff.ts';
import { isYetToBeReplaced, whyCannotGoOn } from './hand-over.ts';
import { switchoverRequest } from './switchover-request.ts';
import { takesNoOrders } from '../model/contact.ts';
import { isDurable, isHealthy, isWell } from '../model/member.ts';
import { whyNeverPrimary } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { heldBack } from '../model/change-times.ts';
import { failbackAtMs, isPreferred } from '../model/preferred-primary.ts';
import { isUpdateDue, whyOutdated } from '../resources/pod.ts';

/**
 * A planned change of the primary, which is well: so that it can be replaced, as a user has asked for it, as the user has forbidden it
 * to lead, or as it must leave its node. Here, too, no member is promoted before the old one is fenced, if it must be. Undefined: none
 * is due, or none is possible now.
 */
export function planSwitchover(
  resource: Resource,
  observed: Observed,
  primary: Member,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan | undefined {
  // One that has failed is a matter of a failover, with its waits and permissions. A primary that takes no orders cannot hand over: see update().
  if (!isHealthy(primary) || takesNoOrders(resource.spec, primary)) return undefined;
  if (inFlight(resource) !== undefined) return undefined;
  const about = { resource, observed, primary, context, nowMs };
  const found = asked(about) ?? beforeItsUpdate(about) ?? relieved(about);
  if (found === undefined) return undefined;
  const { what, winner, request } = found;
  const failure: Failure = { trigger: 'Switchover', what, evidence: what, atMs: nowMs };
  const fencing = { ...fencingOf(resource, failure, nowMs), wanted: winner.name };
  const handles = request === undefined ? {} : { switchover: request };
  return mustFence(resource, observed)
    ? { kind: 'Fence', why: what, fencing, ...handles }
    : { ...electionOf(winner, what, fencing), ...handles };
}

interface About {
  resource: Resource;
  observed: Observed;
  primary: Member;
  context: ElectionContext;
  nowMs: number;
}

interface Found {
  what: string;
  winner: Member;
  /** Of a user. */
  request?: string;
}

function asked({ resource, observed, nowMs }: About): Found | undefined {
  const request = switchoverRequest(resource, observed, nowMs);
  if (request.kind !== 'Due') return undefined;
  const { winner, value } = request;
  const what = `a user has asked for a change of the primary, to ${winner.name} (${switchoverAnnotation}=${value})`;
  return { what, winner, request: value };
}

function beforeItsUpdate(about: About): Found | undefined {
  const { resource, observed, primary, nowMs } = about;
  if (!isLastOutdated(resource, observed, primary)) return undefined;
  if (stayedUntilMs(resource, nowMs) !== undefined) return undefined;
  const { winner, obstacle } = successorOf(about, () => true);
  const what = `the primary ${primary.name} is replaced after all other members: ${whyOutdated(resource, primary) ?? ''}`;
  return winner && obstacle === undefined ? { what, winner } : undefined;
}

/** Why the primary is the only member that an update does not replace now, in a clause for a person; undefined if it does. */
export function whyNotUpdated(
  resource: Resource,
  observed: Observed,
  primary: Member,
  nowMs: number,
): string | undefined {
  if (!isLastOutdated(resource, observed, primary)) return undefined;
  const restsUntilMs = stayedUntilMs(resource, nowMs);
  if (restsUntilMs !== undefined) {
    return `${primary.name} is replaced later, as the last planned change was in vain (status.failovers): the next try is at ${new Date(restsUntilMs).toISOString()}`;
  }
  const context = electionContextOf(resource, observed);
  const { obstacle } = successorOf({ resource, observed, primary, context, nowMs }, () => true);
  return obstacle && `${primary.name} is replaced when another member can lead: ${obstacle}`;
}

/** The best member for a planned change, and what speaks against any. */
function successorOf(
  { resource, observed, primary, context }: About,
  isMeant: (member: Member) => boolean,
): { winner?: Member; obstacle?: string } {
  const able = othersOf(observed, primary).filter(
    (member) =>
      isWell(member) &&
      isDurable(member) &&
      isMeant(member) &&
      !isYetToBeReplaced(resource, observed, member),
  );
  // To one that could not be promoted, the role would come back from it at once, again and again.
  const hasFailed = (member: Member) => couldNotBePromoted(member, observed.roleCommands);
  const { winner } = electFirst(able, (member) => !hasFailed(member), {
    ...context,
    failedZone: primary.zone,
  });
  if (winner === undefined) return {};
  const obstacle = hasFailed(winner)
    ? `${winner.name} could not be promoted, look at its log`
    : whyCannotGoOn(resource, observed, winner);
  return { winner, ...(obstacle === undefined ? {} : { obstacle }) };
}

/** By the spec, or by its node. It stays the primary if no other member is as good. */
function relieved(about: About): Found | undefined {
  const { resource, observed, primary, nowMs } = about;
  if (!isWell(primary) || stayedUntilMs(resource, nowMs) !== undefined) return undefined;
  const { paused, failover } = resource.spec;
  const mayMove = failover.automatic && !paused;
  const never = whyNeverPrimary(resource, primary);
  const to = (isMeant: (member: Member) => boolean): Member | undefined => {
    const { winner, obstacle } = successorOf(about, isMeant);
    return obstacle === undefined ? winner : undefined;
  };
  const stays = ({ leavesNode }: Member) => leavesNode === undefined;
  if (never !== undefined) {
    const winner = to(() => true);
    return winner && { what: `${primary.name} ${never}, and ${winner.name} can`, winner };
  }
  if (mayMove && primary.leavesNode !== undefined) {
    const winner = to(stays);
    const what = `${primary.name} hands over before it must go: ${primary.leavesNode}`;
    return winner && { what, winner };
  }
  if (!mayMove || heldBack(observed) !== undefined) return undefined;
  if ((failbackAtMs(resource, primary, nowMs) ?? Infinity) > nowMs) return undefined;
  const winner = to((member) => stays(member) && isPreferred(resource, member));
  const after = failover.preferredPrimary?.failbackAfter;
  return (
    winner && {
      what: `${winner.name} is preferred (failover.preferredPrimary), and ${primary.name} has led for failbackAfter (${after})`,
      winner,
    }
  );
}

const othersOf = ({ members }: Observed, primary: Member): Member[] =>
  members.filter(({ uid }) => uid !== primary.uid);

/** The primary alone is to be replaced now, and all others are well: it hands over its role, so that it can be. */
export function isLastOutdated(resource: Resource, observed: Observed, primary: Member): boolean {
  const others = othersOf(observed, primary);
  return (
    isUpdateDue(resource, observed, primary) &&
    others.length > 0 &&
    others.length >= resource.spec.replicas - 1 &&
    others.every(
      (member) => isWell(member) && isDurable(member) && !isUpdateDue(resource, observed, member),
    )
  );
}
