import type { Spec } from '../../api/spec.ts';
import { entryOf } from './named-members.ts';
import type { Member, Resource } from './observed.ts';

type Subject = Pick<Resource, 'spec' | 'status'>;

/** Whether failover.neverPrimary names this ordinal: known of a pod that does not exist yet, too. */
export const isExcludedOrdinal = ({ failover }: Spec, ordinal: number): boolean =>
  failover.neverPrimary?.ordinals?.includes(ordinal) === true;

/** The entry of failover.neverPrimary that names this member; undefined if none does. */
export function neverPrimaryEntry(resource: Subject, member: Member): string | undefined {
  const { neverPrimary } = resource.spec.failover;
  return neverPrimary && entryOf(resource, neverPrimary, member);
}

/**
 * Why the user has forbidden this member to lead, in a clause for a person; undefined if it may. It is a copy like any other apart
 * from that. The primary itself may be such a member, if the field was edited or its pod came back in another zone: it hands
 * over its role as soon as another member can take it (planSwitchover), and leads on as long as none can, as only it surely has all writes.
 */
export function whyNeverPrimary(resource: Subject, member: Member): string | undefined {
  const entry = neverPrimaryEntry(resource, member);
  return entry === undefined ? undefined : `may not lead (failover.neverPrimary: ${entry})`;
}

export const mayLead = (resource: Subject, member: Member): boolean =>
  whyNeverPrimary(resource, member) === undefined;

/** What to type so that one of these members may lead. */
export const letLead = ({ name, namespace }: Pick<Resource, 'name' | 'namespace'>): string =>
  `take that member out of failover.neverPrimary (\`kubectl edit has ${name} -n ${namespace}\`), or let all lead: \`kubectl patch has ${name} -n ${namespace} --type=merge -p '{"spec":{"failover":{"neverPrimary":null}}}'\``;
