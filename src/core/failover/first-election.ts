import { type ElectionContext, describeRejections, elect } from './election.ts';
import { type FailoverPlan, nextEpoch } from './failover-plan.ts';
import { hasQuorum, needsFence } from '../model/capabilities.ts';
import { isHealthy, reportOf } from '../model/member.ts';
import { comparePositions, positionOf } from '../model/position.ts';
import { refusesAll } from '../model/refuses-all.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';

/** How long the first election waits for the other members, once one is healthy: the lowest ordinal should win. */
const firstElectionWaitMs = 2_000;
/** The same where members hold data, or will: one that is late may have some. */
const dataWaitMs = 30_000;

export function firstElection(
  resource: Resource,
  observed: Observed,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const { winner, rejected } = elect(observed.members, { ...context, keepLabelled: true });
  if (winner === undefined) {
    return { kind: 'Wait', untilMs: Infinity, message: describeRejections(rejected) };
  }
  const healthy = observed.members.filter(isHealthy);
  const first = Math.min(...healthy.map((member) => member.health?.sinceWallMs ?? nowMs));
  const untilMs = first + firstElectionWaitMs;
  if (healthy.length < resource.spec.replicas && nowMs < untilMs) {
    return { kind: 'Wait', untilMs, message: describeRejections(rejected) };
  }
  return { kind: 'Elect', winner, why: 'there is no primary yet', epoch: nextEpoch(resource) };
}

/** Whether it may hold what the other does not. */
const holdsMore = (member: Member, other: Member): boolean =>
  comparePositions(positionOf(member), positionOf(other)) > 0 ||
  (positionOf(other) === undefined &&
    (reportOf(member)?.ledEpoch ?? 0) > (reportOf(other)?.ledEpoch ?? 0));

/**
 * The first election where members report what they hold. Nobody holds anything: the lowest ordinal begins an empty data
 * set. Somebody does (the status was lost, or the volumes are older than this resource): then every member must have been
 * heard, and the one that leads, or else the most advanced, goes on with its data; an unheard one may have more.
 */
export function firstElectionByReports(
  resource: Resource,
  observed: Observed,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const { replicas } = resource.spec;
  const heard = observed.members.filter(
    (member) => isHealthy(member) && reportOf(member) !== undefined,
  );
  const told = heard.filter((member) => reportOf(member)?.state !== 'Starting');
  const withData = told.filter((member) => reportOf(member)?.state !== 'Empty');
  const refuses = (member: Member) => refusesAll(member, resource.status.epoch);
  const epochs = heard.flatMap((member) => (refuses(member) ? [] : (reportOf(member)?.epoch ?? 0)));
  const epoch = Math.max(nextEpoch(resource), ...epochs.map((each) => each + 1));
  const missing = observed.members.filter((member) => !told.includes(member));
  const absent = describeRejections(
    missing.map((member) => ({
      pod: member.name,
      why: reportOf(member) === undefined ? 'has not been heard' : 'is still starting',
    })),
  );
  if (withData.length > 0) {
    // Eventual goes on without pods that are more than there should be: one that hangs on a lost node stays for long.
    if (told.length < replicas || (needsFence(resource.spec) && missing.length > 0)) {
      return {
        kind: 'Blocked',
        reason: 'MembersMissing',
        message: `${withData.map(({ name }) => name).join(', ')} found data of an earlier time; before one goes on with it all ${Math.max(replicas, observed.members.length)} members must be heard, as another may have more: ${absent}`,
      };
    }
    const able = withData.filter((member) => !refuses(member));
    const ledLast = Math.max(...able.map((member) => reportOf(member)?.ledEpoch ?? 0));
    const { winner, ranked, rejected } = elect(withData, { ...context, byPosition: 'Strong' });
    const leader = ranked.find((member) => reportOf(member)?.ledEpoch === ledLast);
    // Where others have acknowledged a later epoch, it may have been relieved.
    const leading = ranked.find(
      (member) =>
        reportOf(member)?.state === 'Leading' && reportOf(member)?.epoch === Math.max(...epochs),
    );
    const advanced = reportOf(winner)?.position === undefined ? leader : winner;
    const chosen = leading ?? advanced;
    // One that refuses all has been heard, and cannot be chosen. But what it holds may have been acknowledged.
    const hasAll = (one: Member) =>
      !hasQuorum(resource.spec) ||
      !withData.some((member) => refuses(member) && holdsMore(member, one));
    if (chosen !== undefined && hasAll(chosen)) {
      const why = 'the status names no primary, and it is the most advanced';
      return { kind: 'Elect', winner: chosen, why, epoch };
    }
    // None of them is known to hold what was written last. An empty one must not begin in their place either.
    return {
      kind: 'Blocked',
      reason: 'NoCandidate',
      message: `the status names no primary, and nobody is known to hold what was written last: ${describeRejections(rejected)}`,
    };
  }
  const empty = told.filter((member) => reportOf(member)?.state === 'Empty');
  const { winner } = elect(empty, { ...context, byPosition: undefined });
  if (winner === undefined) return { kind: 'Wait', untilMs: Infinity, message: absent };
  const first = Math.min(...heard.map((member) => member.health?.sinceWallMs ?? nowMs));
  const untilMs = first + dataWaitMs;
  if (told.length < replicas && nowMs < untilMs) return { kind: 'Wait', untilMs, message: absent };
  return { kind: 'Elect', winner, why: 'there is no primary yet', epoch };
}
