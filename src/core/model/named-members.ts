import type { Member, Resource } from './observed.ts';

/** Members that a field of the spec names, by zone or by number. */
export interface NamedMembers {
  zones?: string[] | undefined;
  ordinals?: number[] | undefined;
}

/** Its zone; if its node is not known at the moment, the zone that the status has. */
const zoneOf = ({ status }: Pick<Resource, 'status'>, { uid, zone }: Member): string | undefined =>
  zone ?? status.members?.find((each) => each.uid === uid)?.zone;

/** The entry that names the member, in words such as `zone b`; undefined if none does. */
export function entryOf(
  resource: Pick<Resource, 'status'>,
  { zones, ordinals }: NamedMembers,
  member: Member,
): string | undefined {
  if (ordinals?.includes(member.ordinal) === true) return `ordinal ${member.ordinal}`;
  const zone = zoneOf(resource, member);
  return zone !== undefined && zones?.includes(zone) === true ? `zone ${zone}` : undefined;
}
