import { isLive } from '../model/member.ts';
import type { ZoneView } from '../model/found-objects.ts';
import type { Member } from '../model/observed.ts';

/** Live members in each zone that can take one, and in each that has one. */
export function zoneCounts(members: Member[], zones: ZoneView[]): Map<string, number> {
  const counts = new Map(zones.map((zone) => [zone.name, 0]));
  for (const { zone } of members.filter(isLive)) {
    if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return counts;
}

/**
 * The zone that should get a member from a fuller one, if two zones differ by more than one member, as with maxSkew: 1. Only a
 * zone that can take a member counts as too empty.
 */
export function emptiestZone(members: Member[], zones: ZoneView[]): string | undefined {
  const counts = zoneCounts(members, zones);
  const most = Math.max(0, ...counts.values());
  const able = zones
    .map((zone) => ({ name: zone.name, count: counts.get(zone.name) ?? 0 }))
    .sort((a, b) => a.count - b.count || (a.name < b.name ? -1 : 1));
  const least = able[0];
  return least !== undefined && most - least.count >= 2 ? least.name : undefined;
}
