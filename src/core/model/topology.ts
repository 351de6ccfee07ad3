import type { Member, Resource } from './observed.ts';

/** Every healthy member takes traffic, and there is no primary. */
export const isActive = ({ spec }: Pick<Resource, 'spec'>) => spec.topology === 'ActiveActive';

/** What a member is to the Services and in its labels. */
export function roleOf(resource: Resource, member: Member): 'primary' | 'standby' | 'active' {
  if (isActive(resource)) return 'active';
  return member.uid === resource.status.primaryUID ? 'primary' : 'standby';
}
