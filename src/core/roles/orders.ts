import type { MemberReport, OrderKind } from '../../protocol/member-protocol.ts';
import {
  type OrderDetails,
  type RolePlan,
  generationOf,
  lookAgain,
  reachable,
  roleCommandStateOf,
} from '../model/role-commands.ts';
import { hasQuorum, needsLease, usesAgent } from '../model/capabilities.ts';
import { acceptsOld, hasLess } from '../failover/half-copies.ts';
import { isFenced, reportOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { probePort, resolvePorts } from '../model/ports.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { currentSet, inForce } from '../failover/sync-sets.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';

/** How long a member may take to show what an order has brought about, before it is given again. */
const showMs = 2_000;

/**
 * Eventual: it still asks for acknowledgements, from the time of Strong, and may wait for them for ever. Only once no set is
 * written down any more may it be told otherwise: until then a failover may rest on that.
 */
const hasObsoleteSync = ({ spec, status }: Resource, { sync }: MemberReport): boolean =>
  knowsItsProgram(spec) && (status.syncSets ?? []).length === 0 && (sync?.acks ?? 0) > 0;

/** Leads in the present epoch, and asks for the acknowledgements that it should. */
export const leads = (resource: Resource, report: MemberReport | undefined): boolean =>
  report?.state === 'Leading' &&
  report.epoch === resource.status.epoch &&
  (hasQuorum(resource.spec) ? inForce(resource, report.sync) : !hasObsoleteSync(resource, report));

/** A replica set that has never held data may begin with an empty one; later an empty primary is a loss, never a start. */
const mayInit = ({ status }: Resource) => status.initialized !== true;

/** Port of the program itself, where followers find their leader. */
const programPort = ({ spec }: Resource): number => {
  // What speaks the member protocol itself does so on engine.port, which need not be where its data are.
  const data = resolvePorts(spec).ports.find(({ protocol }) => protocol === 'TCP')?.targetPort;
  return (usesAgent(spec) ? probePort(spec) : (data ?? spec.engine.port)) ?? 0;
};

/**
 * What each member must be told, for it to be what it should be: by comparing what it says of itself with what is wished.
 * While a fence is being put up everybody is told that alone. Otherwise the primary is promoted, and when it leads the
 * others are told to follow it; one that still leads in an older epoch is fenced before all else.
 *
 * @param plainLeads The primary is a program without an agent, and has been told that it leads.
 */
export function planOrders(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  nowMs: number,
  plainLeads = false,
): RolePlan {
  const { epoch = 0, fencing } = resource.status;
  const promoted = fencing === undefined && (plainLeads || leads(resource, reportOf(primary)));
  const plan: RolePlan = { commands: [], promoted };
  if (epoch === 0) return plan;
  const give = (action: OrderKind, member: Member, reason: string, order: OrderDetails = {}) =>
    giveOrder(plan, observed, member, { action, epoch, reason, order }, nowMs);

  for (const member of observed.members) {
    const report = reportOf(member);
    if (report === undefined || !takesOrders(resource, member)) continue;
    if (fencing !== undefined) {
      if (!isFenced(report, epoch) && observed.unsafe !== 'no-fence') {
        give('fence', member, `epoch ${epoch} begins`);
      }
    } else if (member.uid === primary?.uid) {
      // One that is being made a copy was told so in an older epoch: it leads with what it had, or says that it has nothing.
      const isComing = report.state === 'Starting';
      // Another process of it than the one that led: only in a new epoch, as its positions may be counted anew, and another
      // operator may have taken the end of that one for the proof that nobody leads in this.
      const hasLed =
        (resource.spec.topology === 'LeaderFollower' || needsLease(resource.spec)) &&
        report.state !== 'Leading' &&
        report.ledEpoch === epoch;
      const isKnown = observed.unansweredElection === undefined;
      const mayBeOld = acceptsOld(resource, observed);
      const isFit = !isComing && !hasLed && !hasLess(resource, observed, member);
      if (isKnown && !promoted && isFit && !formerLeaderLeads(resource, observed)) {
        const sync = hasQuorum(resource.spec) ? currentSet(resource) : undefined;
        const init = mayInit(resource);
        give('promote', member, resource.status.failovers?.[0]?.trigger ?? 'Elected', {
          init,
          ...(mayBeOld ? { acceptOld: true } : {}),
          ...(init && report.nonce !== undefined ? { nonce: report.nonce } : {}),
          ...(sync === undefined ? {} : { sync }),
        });
      }
    } else if (report.state === 'Leading' && report.epoch <= epoch) {
      if (observed.unsafe !== 'no-fence') give('fence', member, 'another is primary');
    } else if (primary?.ip !== undefined && promoted && mayFollow(resource, member)) {
      const follows = report.state === 'Following' || report.state === 'Cloning';
      if (follows && report.leader === primary.name && report.epoch === epoch) continue;
      if (report.state === 'Starting') continue;
      const { termStart } = resource.status;
      give('follow', member, `${primary.name} leads`, {
        leader: { member: primary.name, host: primary.ip, port: programPort(resource) },
        ...(termStart === undefined ? {} : { start: termStart }),
      });
    }
  }
  return plan;
}

/** It can be reached, and nobody else has given it an order that makes it refuse those of this service. */
const takesOrders = ({ status }: Resource, member: Member): boolean =>
  reachable(member) && !refusesAll(member, status.epoch);

/** The former leader still answers and still leads: first it hears that it does so no more. */
const formerLeaderLeads = (resource: Resource, observed: Observed): boolean =>
  observed.unsafe !== 'no-fence' &&
  observed.members.some(
    (member) =>
      member.uid !== resource.status.primaryUID &&
      takesOrders(resource, member) &&
      reportOf(member)?.state === 'Leading' &&
      // One that refuses for good must not hold up its successor: Strong has fenced it by other means, Eventual need not.
      (roleCommandStateOf(observed.roleCommands, 'fence', member)?.failures ?? 0) === 0,
  );

/**
 * Who follows may be counted by the leader: so it must have been written down first that its voice counts, and the leader,
 * as it is promoted, has said that this set is in force.
 */
const mayFollow = (resource: Resource, member: Member): boolean =>
  !hasQuorum(resource.spec) || (currentSet(resource)?.members.includes(member.name) ?? false);

interface Given {
  action: OrderKind;
  epoch: number;
  reason: string;
  order: OrderDetails;
}

/** Gives an order unless it is under way, has only just been carried out, or waits after a failure. */
function giveOrder(
  plan: RolePlan,
  { roleCommands }: Observed,
  member: Member,
  given: Given,
  nowMs: number,
): void {
  const last = roleCommandStateOf(roleCommands, given.action, member);
  const state = last?.epoch === given.epoch ? last : undefined;
  if (state?.state === 'Running') return;
  if (state?.state === 'Failed' && state.retryAtMs > nowMs) {
    lookAgain(plan, state.retryAtMs);
    return;
  }
  if (state?.state === 'Done' && !contradicted(state.calledAtMs, member, nowMs)) {
    lookAgain(plan, state.calledAtMs + showMs);
    return;
  }
  plan.commands.push({
    ...given,
    member,
    generation: generationOf(member),
    failures: state?.failures ?? 0,
    message: state?.message ?? '',
  });
}

/** It has been heard since, and long enough, and still does not show what it was told. */
const contradicted = (calledAtMs: number, member: Member, nowMs: number): boolean =>
  nowMs >= calledAtMs + showMs && (member.health?.reportedAtMs ?? nowMs) >= calledAtMs;
