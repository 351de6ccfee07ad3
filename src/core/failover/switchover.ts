import { switchoverAnnotation } from '../../api/labels.ts';
import { type ElectionContext, elect } from './election.ts';
import { type FailoverPlan, electionOf, fencingOf, inFlight } from './failover-plan.ts';
import type { Failure } from './failure.ts';
import { mustFence } from './fence.ts';
import { begunMs } from './failover-backoff.ts';
import { whyCannotGoOn } from './hand-over.ts';
import { switchoverRequest } from './switchover-request.ts';
import { takesNoOrders } from '../model/contact.ts';
import { isDurable, isWell } from '../model/member.ts';
import { whyNeverPrimary } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { failbackAtMs, isPreferred } from '../model/preferred-primary.ts';
import { endOf } from '../model/since.ts';
import { isOutdated, whyOutdated } from '../resources/pod.ts';

/** So long after a primary that is to hand over has stayed the primary, as no other could lead, that is tried again. Milliseconds. */
const againMs = 30_000;

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
  // A primary that takes no orders cannot hand over. See update().
  if (inFlight(resource) !== undefined || takesNoOrders(resource.spec, primary)) return undefined;
  const about = { resource, observed, primary, context, nowMs };
  const found = asked(about) ?? beforeItsUpdate(about) ?? relieved(about);
  if (found === undefined) return undefined;
  const { what, winner, request } = found;
  const failure: Failure = { trigger: 'Switchover', what, evidence: what, atMs: nowMs };
  const fencing = fencingOf(resource, failure, nowMs);
  const handles = request === undefined ? {} : { switchover: request };
  return mustFence(resource, observed)
    ? {
        ...{ kind: 'Fence', why: what, ...handles },
        fencing: request === undefined ? fencing : { ...fencing, wanted: winner.name },
      }
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
  const what = `a user has asked that ${winner.name} leads (${switchoverAnnotation}=${value})`;
  return { what, winner, request: value };
}

function beforeItsUpdate(about: About): Found | undefined {
  const { resource, observed, primary, context, nowMs } = about;
  const others = othersOf(observed, primary);
  if (!isLastOutdated(resource, primary, others)) return undefined;
  if (stayedUntilMs(resource, nowMs) !== undefined) return undefined;
  const { winner } = elect(others, { ...context, failedZone: primary.zone });
  const what = `the primary ${primary.name} is replaced after all other members: ${whyOutdated(resource, primary) ?? ''}`;
  return winner && { what, winner };
}

/** By the spec, or by its node. It stays the primary if no other member is as good. */
function relieved(about: About): Found | undefined {
  const { resource, observed, primary, context, nowMs } = about;
  if (!isWell(primary) || stayedUntilMs(resource, nowMs) !== undefined) return undefined;
  const { paused, failover } = resource.spec;
  const mayMove = failover.automatic && !paused;
  const never = whyNeverPrimary(resource, primary);
  const to = (isMeant: (member: Member) => boolean): Member | undefined => {
    const able = othersOf(observed, primary).filter(
      (member) => isWell(member) && isDurable(member) && isMeant(member),
    );
    const { winner } = elect(able, { ...context, failedZone: primary.zone });
    return winner !== undefined && whyCannotGoOn(resource, observed, winner) === undefined
      ? winner
      : undefined;
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
  if (!mayMove || (failbackAtMs(resource, primary) ?? Infinity) > nowMs) return undefined;
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

/** All members except the primary have the present template and are well: the primary hands over its role, so that it can be replaced. */
const isLastOutdated = (resource: Resource, primary: Member, others: Member[]): boolean =>
  isOutdated(resource, primary) &&
  others.length > 0 &&
  others.length >= resource.spec.replicas - 1 &&
  others.every((member) => isWell(member) && isDurable(member) && !isOutdated(resource, member));

/** Until when a switchover is not tried again that has ended with the same primary; undefined if there is none. Each try interrupts writes. */
export function stayedUntilMs({ status }: Resource, nowMs: number): number | undefined {
  const last = status.failovers?.[0];
  const hasStayed = last?.trigger === 'Switchover' && last.from === last.to;
  return hasStayed ? endOf(begunMs(last), againMs, nowMs) : undefined;
}
