import { wishedSet } from '../failover/sync-sets.ts';
import { hasQuorum } from '../model/capabilities.ts';
import type { Degradation } from '../model/fault.ts';
import { isLive, primaryOf } from '../model/member.ts';
import { letLead, mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';

/** All members are there, and none but the primary may lead: if it fails, no failover is possible. */
export function noSuccessor(resource: Resource, members: Observed['members']): Degradation[] {
  const { replicas, failover } = resource.spec;
  if (failover.neverPrimary === undefined || isActive(resource) || replicas < 2) return [];
  const primary = primaryOf(resource, members);
  const others = members.filter((member) => isLive(member) && member !== primary);
  const isWaiting = primary === undefined || others.length < replicas - 1;
  if (isWaiting || others.some((member) => mayLead(resource, member))) return [];
  const isAlone =
    hasQuorum(resource.spec) && wishedSet(resource, { members }, primary.name).acks === 0;
  const alone = isAlone
    ? ` Meanwhile ${primary.name} alone surely holds what it acknowledges.`
    : '';
  const list = (all: Member[]) => all.map(({ name }) => name).join(', ');
  return [
    {
      reason: 'NoSuccessor',
      message: `no member can take over if ${primary.name} fails: failover.neverPrimary forbids ${list(others)} to lead. Raise replicas, or ${letLead(resource)}.${alone}`,
    },
  ];
}
