import { hasQuorum } from './managed.ts';
import { follows, isHealthy, isLive, reportOf } from './member.ts';
import type { HookState, Member, Observed, Problem, Resource } from './observed.ts';
import { isFenced, leads } from './orders.ts';
import { currentSet } from './sync-sets.ts';

/** An order that failed, but what it asked for has come about all the same. */
export function isSettled(
  resource: Resource,
  member: Member,
  { action, epoch }: Pick<HookState, 'action' | 'epoch'>,
): boolean {
  const report = reportOf(member);
  if (report === undefined) return false;
  if (epoch !== resource.status.epoch) return true;
  switch (action) {
    case 'promote':
      return leads(resource, report);
    case 'follow':
      return report.state === 'Following' && report.leader === resource.status.primary;
    case 'demote':
      return report.state !== 'Leading';
    case 'fence':
      // Once its successor is elected it is told other things, and nobody asks for the fence again.
      return resource.status.fencing === undefined || isFenced(report, epoch);
  }
}

/** What members say is wrong with them, and what of it stops writes. */
export function managedProblems(resource: Resource, observed: Observed): Problem[] {
  const problems = [...writesWait(resource, observed), ...rivals(resource, observed)];
  for (const member of observed.members.filter(isLive)) {
    const problem = reportOf(member)?.problem;
    if (problem === undefined) continue;
    problems.push({ reason: problem.reason, message: `${member.name}: ${problem.message}` });
  }
  return problems;
}

/** A member that says that it takes writes, and is not the primary: it is told otherwise, again and again. */
function rivals({ status }: Resource, { members }: Observed): Problem[] {
  return members
    .filter((member) => member.uid !== status.primaryUID && reportOf(member)?.state === 'Leading')
    .map(({ name, health }) => ({
      reason: 'RivalLeads',
      message: `${name} says that it takes writes (in epoch ${health?.report?.epoch}), but ${status.primary ?? 'nobody'} is primary: it is ordered to stop; no Service points at it`,
    }));
}

/** Strong: too few followers are there for any write to be acknowledged. */
function writesWait(resource: Resource, observed: Observed): Problem[] {
  const set = currentSet(resource);
  const { primary, fencing } = resource.status;
  if (!hasQuorum(resource.spec) || set === undefined || fencing !== undefined) return [];
  const leader = observed.members.find(({ name }) => name === primary);
  if (reportOf(leader)?.state !== 'Leading') return [];
  const isThere = (name: string) => {
    const member = observed.members.find((each) => each.name === name);
    return member !== undefined && isHealthy(member) && follows(reportOf(member));
  };
  const absent = set.members.filter((name) => !isThere(name));
  const present = set.members.length - absent.length;
  if (present >= set.acks) return [];
  return [
    {
      reason: 'WritesWait',
      message: `writes wait: ${set.acks} of ${set.members.join(', ')} must have them, and ${present === 0 ? 'none follows' : `only ${present} follows`} ${primary}: bring back ${absent.join(' or ')}`,
    },
  ];
}
