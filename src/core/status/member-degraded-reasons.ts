import { contractAnnotation } from '../../api/labels.ts';
import { isOfSpec, relayed } from '../../api/reasons.ts';
import { dataDir, hasData, stateFile, stateFolder } from '../../protocol/agent-config.ts';
import { usesAgent } from '../model/capabilities.ts';
import { hasEnded, isFenced, isLive, problemsOf, reportOf } from '../model/member.ts';
import type { Degradation } from '../model/fault.ts';
import type { RoleCommandState, Member, Observed, Resource } from '../model/observed.ts';
import { begunMs } from '../failover/failover-backoff.ts';
import { earlierEndpoint } from '../resources/earlier-endpoint.ts';
import { leads } from '../roles/orders.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { missingFollowers } from '../failover/sync-sets.ts';

/**
 * What passes by itself in an ordinary failover is not told before this time is over: a fence or an order to follow fails if the member
 * has just died or is about to restart, and a former primary says that it leads until its order has come. Milliseconds.
 */
export const ordinaryMs = 5_000;

/** Whether the effect of an order that failed is there all the same. */
export function isFulfilled(
  resource: Resource,
  member: Member,
  { action, epoch }: Pick<RoleCommandState, 'action' | 'epoch'>,
): boolean {
  const report = reportOf(member);
  if (report === undefined) return false;
  // No order of this epoch is given to it any more.
  if (epoch !== resource.status.epoch || refusesAll(member, resource.status.epoch)) return true;
  switch (action) {
    case 'promote':
      return leads(resource, report);
    case 'follow':
      return report.state === 'Following' && report.leader === resource.status.primary;
    case 'demote':
      return report.state !== 'Leading';
    case 'fence':
      // After the election of its successor it may follow, too.
      return resource.status.fencing === undefined
        ? report.state !== 'Leading'
        : isFenced(report, epoch);
  }
}

/** Faults that members report about themselves, and those that stop writes. */
export function memberDegradedReasons(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Degradation[] {
  const degradedReasons: Degradation[] = [
    ...writesWait(resource, observed),
    ...rivals(resource, observed, nowMs),
    ...refusing(resource, observed),
    ...brokenContracts(resource, observed),
  ];
  // What a member said before it died is no fault beside its death.
  const isHeard = (member: Member) => isLive(member) && member.health?.verdict !== 'Dead';
  for (const member of observed.members.filter(isHeard)) {
    for (const { reason, message } of problemsOf(reportOf(member))) {
      degradedReasons.push({
        reason: relayed(reason),
        message: `${member.name}: ${message}`,
        ...(isOfSpec(reason) ? {} : { about: member.name }),
      });
    }
  }
  return degradedReasons;
}

/**
 * A member that reports that it takes writes, and is not the primary: it is ordered to stop, again and again. Before the first election
 * one may lead on from before, and there may be no epoch yet in which the others could get an order.
 */
function rivals(resource: Resource, observed: Observed, nowMs: number): Degradation[] {
  const { status } = resource;
  const isUndecided = status.primaryUID === undefined && status.fencing === undefined;
  const leader = isUndecided ? earlierEndpoint(resource, observed)?.uid : status.primaryUID;
  const former = status.failovers?.[0]?.from;
  const isDue = rivalDueMs(resource, observed).every((dueMs) => nowMs >= dueMs);
  return (
    observed.members
      .filter((member) => member.uid !== leader && reportOf(member)?.state === 'Leading')
      // What one has said before it died says nothing of now.
      .filter((member) => !hasEnded(member) && member.health?.verdict !== 'Dead')
      .filter((member) => !refusesAll(member, status.epoch))
      .filter(({ name }) => name !== former || isDue)
      .map((member) => {
        const epoch = reportOf(member)?.epoch ?? 0;
        const isOrdered = status.epoch !== undefined && epoch <= status.epoch;
        const primary = isUndecided ? 'no member is primary yet' : `${status.primary} is primary`;
        return {
          reason: 'RivalLeads',
          about: member.name,
          message: `${member.name} says that it takes writes (in epoch ${epoch}), but ${primary}: ${isOrdered ? 'it is ordered to stop; ' : ''}the write Service does not point at it`,
        };
      })
  );
}

/** When the former primary of the last failover has had the time to hear of it. Epoch milliseconds. */
export function rivalDueMs({ status }: Resource, { timings }: Observed): number[] {
  const [record] = status.failovers ?? [];
  if (record === undefined) return [];
  // The election may come long after the beginning, if a lease had to run out.
  const electedMs = timings?.epoch === record.epoch ? timings.committedAtMs : undefined;
  return [(electedMs ?? begunMs(record)) + ordinaryMs];
}

/** Members that have acknowledged an order of another client, and how to free them. */
function refusing(resource: Resource, { members }: Observed): Degradation[] {
  const { status } = resource;
  return members
    .filter((member) => isLive(member) && refusesAll(member, status.epoch))
    .map((member) => {
      const { name } = member;
      const also = reportOf(member)?.state === 'Leading' ? ', and says that it takes writes' : '';
      return {
        reason: 'TooHighEpoch',
        about: name,
        message: `${name} has acknowledged epoch ${reportOf(member)?.epoch}, which this service has not got to: somebody else has given it an order. It refuses all that it is told and takes no part${also}: let a NetworkPolicy admit only the operator to its port, then ${cure(resource, name)}`,
      };
    });
}

/** Members whose contract somebody has changed: what it said is not known any more. */
function brokenContracts({ namespace }: Resource, { members }: Observed): Degradation[] {
  return members
    .filter((member) => isLive(member) && member.isContractBroken === true)
    .map(({ name }) => ({
      reason: 'ContractBroken',
      about: name,
      message: `the annotation ${contractAnnotation} of pod ${name} is not as the operator wrote it: the member is reached as the settings of its agent say, or else as spec says now; to have the pod made again, \`kubectl delete pod -n ${namespace} ${name}\``,
    }));
}

/** How to remove a member's stored epoch, see agent/state-folder.ts. Without a volume it is deleted with the pod. */
function cure({ spec, namespace }: Resource, name: string): string {
  if (!usesAgent(spec)) {
    return `remove what the program of ${name} keeps of its epoch, and delete the pod`;
  }
  if (!hasData(spec)) return 'delete the pod';
  const file = `${dataDir(spec)}/${stateFolder}/${stateFile}`;
  return `\`kubectl exec -n ${namespace} ${name} -- rm -f ${file}\` and delete the pod`;
}

/** Strong: too few followers exist for any write to be acknowledged. */
function writesWait(resource: Resource, observed: Observed): Degradation[] {
  const { primary } = resource.status;
  const leader = observed.members.find(({ name }) => name === primary);
  // A leader that is silent has lost its followers itself: they need not be brought back.
  if (leader?.health?.verdict === 'Suspect' || leader?.health?.verdict === 'Dead') return [];
  const missing = missingFollowers(resource, observed, leader);
  if (missing === undefined) return [];
  const { set, absent } = missing;
  const present = set.members.length - absent.length;
  return [
    {
      reason: 'WritesWait',
      message: `writes wait: ${set.acks} of ${set.members.join(', ')} must have them, and ${present === 0 ? 'none follows' : `only ${present} follows`} ${primary}: bring back ${absent.join(' or ')}`,
    },
  ];
}
