import { type ElectionContext, elect } from './election.ts';
import { type FailoverPlan, electionOf, fencingOf, inFlight } from './failover-plan.ts';
import type { Failure } from './failure.ts';
import { mustFence } from './fence.ts';
import { begunMs } from './failover-backoff.ts';
import { tooFarBehind } from './lag.ts';
import { canAcknowledge, wishedSet } from './sync-sets.ts';
import { hasQuorum } from '../model/capabilities.ts';
import { takesNoOrders } from '../model/contact.ts';
import { isDurable, isWell } from '../model/member.ts';
import { whyNeverPrimary } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { isOutdated, whyOutdated } from '../resources/pod.ts';

/** So long after a primary that is to hand over has stayed the primary, as no other could lead, that is tried again. Milliseconds. */
const againMs = 30_000;

/**
 * A planned change of the primary, which is well: so that it can be replaced, or as the user has forbidden it to lead. Here, too, no
 * member is promoted before the old one is fenced, if it must be. Undefined: none is due, or none is possible now.
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
  const others = observed.members.filter((member) => member.uid !== primary.uid);
  const isUpdate = isLastOutdated(resource, primary, others);
  const never = whyNeverPrimary(resource, primary);
  if (!isUpdate && never === undefined) return undefined;
  const able = isUpdate ? others : others.filter((member) => isWell(member) && isDurable(member));
  const { winner } = elect(able, { ...context, failedZone: primary.zone });
  if (winner === undefined || stayedUntilMs(resource, nowMs) !== undefined) return undefined;
  if (!isUpdate && (!isWell(primary) || !canGoOn(resource, observed, winner))) return undefined;
  const what = isUpdate
    ? `the primary ${primary.name} is replaced after all other members: ${whyOutdated(resource, primary) ?? ''}`
    : `${primary.name} ${never}, and ${winner.name} can`;
  const failure: Failure = { trigger: 'Switchover', what, evidence: what, atMs: nowMs };
  const fencing = fencingOf(resource, failure, nowMs);
  return mustFence(resource, observed)
    ? { kind: 'Fence', why: what, fencing }
    : electionOf(winner, what, fencing);
}

/** All members except the primary have the present template and are well: the primary hands over its role, so that it can be replaced. */
const isLastOutdated = (resource: Resource, primary: Member, others: Member[]): boolean =>
  isOutdated(resource, primary) &&
  others.length > 0 &&
  others.length >= resource.spec.replicas - 1 &&
  others.every((member) => isWell(member) && isDurable(member) && !isOutdated(resource, member));

/** As the new primary it has all that it should have, and can acknowledge writes. */
function canGoOn(resource: Resource, observed: Observed, winner: Member): boolean {
  if (!hasQuorum(resource.spec)) return tooFarBehind(resource, observed, winner) === undefined;
  const well = observed.members.filter(isWell).map(({ name }) => name);
  return canAcknowledge(wishedSet(resource, observed, winner.name), new Set(well));
}

/** Until when a switchover is not tried again that has ended with the same primary; undefined if there is none. Each try interrupts writes. */
export function stayedUntilMs({ status }: Resource, nowMs: number): number | undefined {
  const last = status.failovers?.[0];
  const hasStayed = last?.trigger === 'Switchover' && last.from === last.to;
  return hasStayed ? endOf(begunMs(last), againMs, nowMs) : undefined;
}
