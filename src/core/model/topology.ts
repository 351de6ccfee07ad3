import { isIncompleteState } from '../../protocol/completeness.ts';
import type { Member, Resource } from './observed.ts';

/** Every healthy member takes traffic, and there is no primary. */
export const isActive = ({ spec }: Pick<Resource, 'spec'>) => spec.topology === 'ActiveActive';

/** The role of a member in its label and in the status. */
export function roleOf(resource: Resource, member: Member): 'primary' | 'standby' | 'active' {
  if (isActive(resource)) return 'active';
  return member.uid === resource.status.primaryUID ? 'primary' : 'standby';
}

/**
 * In ActiveActive no member has a role. Pods from before, when the service had a primary, still report one: it counts for nothing, as
 * long as they do not say that they are incomplete.
 */
export function withoutRoles(resource: Resource, members: Member[]): Member[] {
  if (!isActive(resource)) return members;
  return members.map((member) => {
    if (member.health?.report === undefined) return member;
    const { report, ...health } = member.health;
    return isIncompleteState(report.state) ? member : { ...member, health };
  });
}
