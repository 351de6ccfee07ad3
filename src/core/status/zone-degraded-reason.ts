import { seemsHealthy } from '../model/member.ts';
import type { Degradation } from '../model/fault.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { zoneCounts } from '../replicas/zones.ts';

/** Too few zones, for nodes or for members. */
export function zoneDegradedReason(
  resource: Resource,
  observed: Observed,
): Degradation | undefined {
  const { minZones, topologyKey } = resource.spec.placement.zones;
  if (minZones === undefined || resource.spec.replicas === 0) return undefined;
  if (observed.zones.length < minZones) {
    return {
      reason: 'TooFewZones',
      message: `placement.zones.minZones is ${minZones}, but nodes that can take a member span ${observed.zones.length} (label ${topologyKey}): add nodes in other zones or lower minZones`,
    };
  }
  const healthy = observed.members.filter(seemsHealthy);
  const used = zoneCounts(healthy, []).size;
  if (used >= minZones || healthy.length < resource.spec.replicas) return undefined;
  return {
    reason: 'TooFewZones',
    message: `the members span ${used} zones, placement.zones.minZones wishes ${minZones}: they are moved when there is room`,
  };
}
