import type { Member, Resource } from './observed.ts';

/** Every healthy member takes traffic, and there is no primary. */
export const isActive = ({ spec }: Pick<Resource, 'spec'>) => spec.topology === 'ActiveActive';

/** The role of a member in its label and in the status. */
export function roleOf(resource: Resource, member: Member): 'primary' | 'standby' | 'active' {
  if (isActive(resource)) return 'active';
  return member.uid === resource.status.primaryUID ? 'primary' : 'standby';
}
