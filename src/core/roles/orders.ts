import type { MemberReport, OrderKind } from '../../protocol/member-protocol.ts';
import { type OrderDetails, type RolePlan, roleCommandStateOf } from '../model/role-commands.ts';
import { countsByName, hasQuorum, needsLease } from '../model/capabilities.ts';
import { formerLeaderLeads } from './former-leader.ts';
import { owesFence, takesOrders } from '../model/takes-orders.ts';
import { giveOrder } from './give-order.ts';
import { acceptsOld, hasLess } from '../failover/half-copies.ts';
import { follows, isFenced, reportOf } from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { positionOf } from '../model/position.ts';
import { memberPorts, memberProbePort } from '../model/ports.ts';
import { earlierEndpoint } from '../resources/earlier-endpoint.ts';
import { admitsAsWished, orderedSet } from '../failover/ordered-set.ts';
import { currentSet, inForce } from '../failover/sync-sets.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';

/**
 * Eventual: the leader still waits for acknowledgements, from the time of Strong, perhaps forever. It may be ordered otherwise only
 * when the status has no sync set any more: until then a failover may depend on the acknowledgements.
 */
const hasObsoleteSync = ({ spec, status }: Resource, { sync }: MemberReport): boolean =>
  knowsItsProgram(spec) && (status.syncSets ?? []).length === 0 && (sync?.acks ?? 0) > 0;

/** Leads in the present epoch, and waits for the acknowledgements that it should. */
export const leads = (resource: Resource, report: MemberReport | undefined): boolean =>
  report?.state === 'Leading' &&
  report.epoch === resource.status.epoch &&
  (hasQuorum(resource.spec) ? inForce(resource, report.sync) : !hasObsoleteSync(resource, report));

/** A service without data may begin with an empty primary; later an empty primary means lost data. */
const mayInit = ({ status }: Resource) => status.initialized !== true;

/** Postgres needs no word of that: a follower proves that it knows the password, and shows it to nobody. */
const isUserKnown = ({ spec }: Resource, { contract }: Member): boolean =>
  !countsByName(spec) && contract?.replicationUser === true;

/** Port of the leader's program itself, to which followers connect. */
const programPort = ({ spec }: Resource, leader: Member): number => {
  const probed = memberProbePort(spec, leader);
  // A program that speaks the member protocol itself does so on engine.port, which need not be the port of its data.
  const data = memberPorts(spec, leader).find(({ protocol }) => protocol === 'TCP')?.targetPort;
  return (leader.agentPort === undefined ? (data ?? probed) : probed) ?? 0;
};

/**
 * The orders that each member needs: the difference between its report and its role. During a fence the only order is fence.
 * Otherwise the primary is promoted, and when it leads the others are ordered to follow it; a member that still leads in an older
 * epoch is fenced before all else.
 *
 * @param plainLeads the primary is a program without an agent, and its promote hook has succeeded
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
      const isDue =
        !isFenced(report, epoch) && !waitsForHandOver(resource, observed, member, nowMs);
      if (isDue && observed.unsafe !== 'no-fence') {
        give('fence', member, `epoch ${epoch} begins`);
      }
    } else if (member.uid === primary?.uid) {
      // A member that is Cloning has that order from an older epoch: it leads with the data that it had, or reports that it has none.
      const isComing = report.state === 'Starting';
      // Another process of the primary led in this epoch: this one may lead only in a new one, as its positions may start again from
      // 0, and another operator may count the end of the first process as the proof that no member leads in this epoch.
      const hasLed =
        leadsOnce(resource, member) && report.state !== 'Leading' && report.ledEpoch === epoch;
      const isKnown = observed.unansweredElection === undefined;
      const mayBeOld = acceptsOld(resource, observed);
      const isFit = !isComing && !hasLed && !hasLess(resource, observed, member);
      const sync = orderedSet(resource, observed);
      const isDone = promoted && admitsAsWished(resource, observed, report.sync);
      if (isKnown && !isDone && isFit && !formerLeaderLeads(resource, observed)) {
        const init = mayInit(resource);
        give('promote', member, resource.status.failovers?.[0]?.trigger ?? 'Elected', {
          init,
          ...(mayBeOld ? { acceptOld: true } : {}),
          ...(init && report.nonce !== undefined ? { nonce: report.nonce } : {}),
          ...(sync === undefined ? {} : { sync }),
        });
      }
    } else if (report.state === 'Leading' && report.epoch <= epoch) {
      // Before the first election no other one is primary.
      const leadsOn = member.uid === earlierEndpoint(resource, observed)?.uid;
      if (!leadsOn && observed.unsafe !== 'no-fence') give('fence', member, 'another is primary');
    } else if (primary?.ip !== undefined && promoted && mayFollow(resource, member)) {
      const isFollowing = report.state === 'Following' || report.state === 'Cloning';
      const isTold = isFollowing && report.leader === primary.name && report.epoch === epoch;
      const history = positionOf(primary)?.history;
      if (isTold && knowsLog(resource, observed, member, epoch, history)) continue;
      if (report.state === 'Starting') continue;
      if (!isLogKnown(resource, primary)) continue;
      const { termStart } = resource.status;
      give('follow', member, `${primary.name} leads`, {
        leader: {
          ...{ member: primary.name, host: primary.ip, port: programPort(resource, primary) },
          ...(isUserKnown(resource, primary) ? { replicationUser: true } : {}),
        },
        ...(termStart === undefined ? {} : { start: termStart }),
        ...(history === undefined ? {} : { history }),
      });
    }
  }
  return plan;
}

/**
 * A planned change: the primary, which is well, is told first, and sends the others what it still has for them before they are told to
 * receive no more. So they hold the same in the end, and the member that is wanted can lead.
 */
function waitsForHandOver(
  resource: Resource,
  observed: Observed,
  { name }: Member,
  nowMs: number,
): boolean {
  const { fencing, primary } = resource.status;
  if (fencing?.trigger !== 'Switchover' || name === primary) return false;
  const leader = observed.members.find((member) => member.name === primary);
  return leader !== undefined && owesFence(resource, observed, leader, nowMs);
}

/** Its agent, or what the spec promises, lets one process lead in one epoch at most. */
const leadsOnce = ({ spec }: Resource, { leaseMs }: Member): boolean =>
  spec.topology === 'LeaderFollower' || needsLease(spec) || leaseMs !== undefined;

/**
 * The leader may count the acknowledgements of a follower: so the status must have the member in the current set first, and the
 * promoted leader has reported that this set is in force. A member that may not lead is in no set of a leader that counts by name.
 */
const mayFollow = (resource: Resource, member: Member): boolean =>
  !hasQuorum(resource.spec) ||
  (currentSet(resource)?.members.includes(member.name) ?? false) ||
  (countsByName(resource.spec) && !mayLead(resource, member));

/**
 * Whether a follower knows the log of its leader: the last order of this epoch has named the log, and the follower has a position in
 * the log. (A program with a protocol of its own may follow without a position.) The leader may begin another log in one epoch:
 * Redis does when the first follower connects after a restart, and when a late fence comes after the promotion.
 */
function knowsLog(
  { spec }: Resource,
  { roleCommands }: Observed,
  member: Member,
  epoch: number,
  history: string | undefined,
): boolean {
  const last = roleCommandStateOf(roleCommands, 'follow', member);
  if (history === undefined) return true;
  if (last?.epoch === epoch && last.history !== history) return false;
  const isUnknown = follows(reportOf(member)) && positionOf(member) === undefined;
  return !(knowsItsProgram(spec) && isUnknown);
}

/**
 * Whether the leader has told which log it leads with: a follower takes over its term only with data of that log. The next report
 * after the promotion tells it. Programs with a protocol of their own, and those without the agent, may have no positions.
 */
const isLogKnown = ({ spec }: Resource, leader: Member): boolean =>
  !knowsItsProgram(spec) || reportOf(leader) === undefined || positionOf(leader) !== undefined;
