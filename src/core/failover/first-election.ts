import { type ElectionContext, describeRejections, elect } from './election.ts';
import { type FailoverPlan, neverPrimary, nextEpoch } from './failover-plan.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { hasQuorum, needsFence } from '../model/capabilities.ts';
import {
  earlierClaims,
  mayHaveEarlierClaims,
  unknownClaimsMessage,
} from '../model/earlier-data.ts';
import { whatHelpsCopies } from './half-copies.ts';
import { isComplete, isHealthy, isOld, reportOf } from '../model/member.ts';
import { comparePositions, positionOf } from '../model/position.ts';
import { mayLead } from '../model/never-primary.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { podName } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';

/** How long the first election waits for other members when one is healthy: a late one may have data. */
const dataWaitMs = 30_000;

/** The epochs that members have acknowledged, without those that no order of this service can follow. */
export const epochsOf = ({ status }: Resource, members: Member[]): number[] =>
  members.flatMap((member) =>
    refusesAll(member, status.epoch) ? [] : (reportOf(member)?.epoch ?? 0),
  );

export const epochAfter = (resource: Resource, epochs: number[]): number =>
  Math.max(nextEpoch(resource), ...epochs.map((each) => each + 1));

export const firstHeardMs = (heard: Member[], nowMs: number): number =>
  Math.min(...heard.map((member) => member.health?.sinceWallMs ?? nowMs));

export const whyNone = (resource: Resource, message: string, forbidden: Member[]): FailoverPlan =>
  forbidden.length === 0
    ? { kind: 'Wait', untilMs: Infinity, message }
    : neverPrimary(resource, 'there is no primary yet', message, forbidden);

/** Whether a member may hold data that the other does not. */
const holdsMore = (member: Member, other: Member): boolean =>
  comparePositions(positionOf(member), positionOf(other)) > 0 ||
  (positionOf(other) === undefined &&
    (reportOf(member)?.ledEpoch ?? 0) > (reportOf(other)?.ledEpoch ?? 0));

/** Without a volume claim, or with one that has no volume, a member that does not answer has nothing to wait for. */
const mayHoldData = ({ spec }: Resource, { claims }: Observed, { ordinal }: Member): boolean =>
  spec.volumeClaimTemplates.length === 0 ||
  claims.some((claim) => claim.ordinal === ordinal && claim.hasVolume);

/** Other programs than Redis and Postgres do not say that they are empty: they begin with the lowest ordinal. */
const isFirstStart = ({ spec }: Resource, members: Member[]): boolean =>
  !knowsItsProgram(spec) &&
  (!hasQuorum(spec) || members.every((member) => (reportOf(member)?.epoch ?? 0) === 0));

/**
 * The first election if members report what they hold. If no member has data, the lowest ordinal begins an empty data set. If one has
 * (the status was lost, or the volumes are older than this resource), every member must have reported first, as a missing one
 * may have more; then the leading member, or else the most advanced, continues with its data.
 */
export function firstElectionByReports(
  resource: Resource,
  observed: Observed,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  if (mayHaveEarlierClaims(resource, observed)) {
    return {
      kind: 'Blocked',
      reason: 'ClaimsUnknown',
      message: unknownClaimsMessage(observed),
    };
  }
  const { replicas } = resource.spec;
  const heard = observed.members.filter(
    (member) => isHealthy(member) && reportOf(member) !== undefined,
  );
  const told = heard.filter((member) => reportOf(member)?.state !== 'Starting');
  const withData = told.filter((member) => reportOf(member)?.state !== 'Empty');
  const refuses = (member: Member) => refusesAll(member, resource.status.epoch);
  const epochs = epochsOf(resource, heard);
  const epoch = epochAfter(resource, epochs);
  const missing = observed.members.filter((member) => !told.includes(member));
  const isUnheard = ({ ordinal }: { ordinal: number }) =>
    !told.some((member) => member.ordinal === ordinal);
  const earlier = earlierClaims(resource, observed).filter(isUnheard);
  const absent = describeRejections([
    ...missing.map((member) => ({
      pod: member.name,
      why: reportOf(member) === undefined ? 'has not been heard' : 'is still starting',
    })),
    ...earlier
      .filter(({ ordinal }) => !missing.some((member) => member.ordinal === ordinal))
      .map(({ ordinal }) => ({ pod: podName(resource.name, ordinal), why: 'has no pod yet' })),
  ]);
  if (withData.length > 0) {
    // Eventual does not wait for surplus pods: one on a lost node may stay for a long time.
    if (
      told.length < replicas ||
      (needsFence(resource.spec) &&
        missing.some((member) => mayHoldData(resource, observed, member))) ||
      (needsFence(resource.spec) && earlier.length > 0)
    ) {
      return {
        kind: 'Blocked',
        reason: 'MembersMissing',
        message: `${withData.map(({ name }) => name).join(', ')} found data of an earlier time; before one goes on with it all ${Math.max(replicas, observed.members.length)} members must be heard, as another may have more: ${absent}; start them. To go on without the data of one that cannot come back, delete its volume claims and its pod`,
      };
    }
    const soonMs = firstHeardMs(heard, nowMs) + dataWaitMs;
    if (earlier.length > 0 && nowMs < soonMs) {
      return { kind: 'Wait', untilMs: soonMs, message: absent };
    }
    const able = withData.filter((member) => !refuses(member));
    // If others have acknowledged a later epoch, another member may have replaced it.
    const newest = Math.max(...epochs);
    const leads = (member: Member) =>
      reportOf(member)?.state === 'Leading' && reportOf(member)?.epoch === newest;
    const leader = withData.find(leads);
    const isKept = leader !== undefined && !mayLead(resource, leader);
    const { winner, ranked, rejected, forbidden } = elect(isKept ? [leader] : withData, {
      ...context,
      byPosition: 'Strong',
      incumbent: leader?.name,
    });
    const leading = ranked.find(leads);
    const isStrict = hasQuorum(resource.spec);
    const areKnown =
      !isStrict || withData.every((member) => isOld(member) || positionOf(member) !== undefined);
    // One whose position is not known may hold more; but not what a restart has left of an unfinished copy.
    const advanced =
      areKnown && winner !== undefined && positionOf(winner) !== undefined ? winner : undefined;
    const ledLast = Math.max(...able.map((member) => reportOf(member)?.ledEpoch ?? 0));
    const lastLeader = ranked.find((member) => reportOf(member)?.ledEpoch === ledLast);
    const hasLed = ledLast > 0 || isFirstStart(resource, withData);
    // If nobody has led in the latest epoch, it is that of an earlier one; but the data of all members must be here to know that.
    const areAllHere =
      withData.length === told.length && missing.length === 0 && !observed.claims.some(isUnheard);
    const surely = ledLast > 0 && ledLast === newest ? lastLeader : undefined;
    const probably = hasLed && (!isStrict || areAllHere) ? lastLeader : undefined;
    const first = isStrict ? (surely ?? advanced ?? probably) : (advanced ?? probably);
    // Data that no HAService has written, such as those of a StatefulSet, if nobody else has anything.
    const [one, another] = withData;
    const isOnly = another === undefined && missing.length === 0 && reportOf(one)?.epoch === 0;
    const only = isOnly ? winner : undefined;
    const accepts = resource.spec.failover.onNoCandidate === 'PromoteAnyway';
    const chosen = leading ?? first ?? only ?? (accepts ? winner : undefined);
    // A member that refuses all orders, or may not lead, has reported and cannot be elected. But its data may have been acknowledged.
    const hasAll = (one: Member) =>
      !withData.some(
        (member) =>
          ((isStrict && refuses(member)) ||
            ((isStrict || !accepts) && one !== leading && !mayLead(resource, member))) &&
          holdsMore(member, one),
      );
    if (chosen !== undefined && hasAll(chosen)) {
      const why = 'the status names no primary, and it is the most advanced';
      return { kind: 'Elect', winner: chosen, why, epoch };
    }
    if (forbidden.length > 0) {
      const what = 'the status names no primary, and others may hold less than these';
      return neverPrimary(resource, what, describeRejections(rejected), forbidden);
    }
    // None of them certainly holds the last writes. An empty member must not lead instead of them either.
    const copies = withData.filter((member) => !isComplete(member));
    const why =
      ranked.length === 0 || chosen !== undefined
        ? `${describeRejections(rejected)}${copies.length < withData.length ? '' : `; ${whatHelpsCopies(resource, copies)}`}`
        : `${ranked.map(({ name }) => name).join(' and ')} ${ranked.length === 1 ? 'has' : 'have'} data, and nothing says that no member had later ones; to go on with the data of one member, delete the claims and pods of the others and set failover.onNoCandidate: PromoteAnyway`;
    return {
      kind: 'Blocked',
      reason: 'NoCandidate',
      message: `the status names no primary, and no member certainly holds the last writes: ${why}`,
    };
  }
  const empty = told.filter((member) => reportOf(member)?.state === 'Empty');
  const { winner, rejected, forbidden } = elect(empty, { ...context, byPosition: undefined });
  const untilMs = firstHeardMs(heard, nowMs) + dataWaitMs;
  if (winner === undefined) {
    if (forbidden.length > 0 && nowMs < untilMs) return { kind: 'Wait', untilMs, message: absent };
    return whyNone(
      resource,
      forbidden.length > 0 ? describeRejections(rejected) : absent,
      forbidden,
    );
  }
  if ((told.length < replicas || earlier.length > 0) && nowMs < untilMs) {
    return { kind: 'Wait', untilMs, message: absent };
  }
  if (earlier.length > 0) {
    const claims = earlier.map(({ name }) => name).join(', ');
    return {
      kind: 'Blocked',
      reason: 'MembersMissing',
      message: `volume claims ${claims} are older than this HAService and may hold its data, and their members must be heard before an empty data set is begun: ${absent}. To begin without those data, delete the claims`,
    };
  }
  return { kind: 'Elect', winner, why: 'there is no primary yet', epoch };
}
