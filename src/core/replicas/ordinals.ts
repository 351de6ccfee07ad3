import { speaksProtocol } from '../model/capabilities.ts';
import { earlierClaims, isFindingData } from '../model/earlier-data.ts';
import { ordinalOf } from '../model/naming.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { freeAtMs } from './garbage-collection-grace.ts';

/** The ordinals that are taken, and those that are about to become free. */
function takenOrdinals(
  resource: Resource,
  observed: Observed,
  nowMs: number,
  again: (atMs: number) => void,
): { used: Set<number>; soonFree: Set<number> } {
  const used = new Set(observed.members.map((member) => member.ordinal));
  const soonFree = new Set<number>();
  for (const foreignPod of observed.foreignPods) {
    const ordinal = ordinalOf(resource.name, foreignPod.name);
    if (ordinal === undefined) continue;
    const atMs = freeAtMs(resource, foreignPod, nowMs) ?? -Infinity;
    if (nowMs < atMs) {
      soonFree.add(ordinal);
      again(atMs);
    } else {
      used.add(ordinal);
    }
  }
  return { used, soonFree };
}

/**
 * Ordinals whose volumes may hold data, the likeliest to hold the newest first: that of the primary, those that acknowledged its
 * writes, those of the members of the last pass, and those of claims from before this resource.
 */
function holderOrdinals(resource: Resource, observed: Observed): number[] {
  const { spec, status } = resource;
  const hasClaims = spec.volumeClaimTemplates.length > 0;
  if (!hasClaims && !speaksProtocol(spec)) return [];
  const { primary, syncSets = [], members = [] } = status;
  const names = [
    ...(primary === undefined ? [] : [primary]),
    ...syncSets.flatMap((set) => set.members),
    ...(hasClaims ? members.map(({ pod }) => pod) : []),
  ];
  const ordinals = names.flatMap((name) => ordinalOf(resource.name, name) ?? []);
  const earlier = earlierClaims(resource, observed).map(({ ordinal }) => ordinal);
  // Last those that were scaled away: another member, which is only being replaced, keeps its name and volume.
  const isAway = (ordinal: number) =>
    observed.claims.some((claim) => claim.ordinal === ordinal && claim.scaledAway !== undefined);
  return [...new Set([...ordinals, ...earlier])].sort(
    (a, b) => Number(isAway(a)) - Number(isAway(b)),
  );
}

/**
 * The ordinals of so many new members: first those whose volumes may hold data, then the lowest free ones. An ordinal that is about to
 * become free is waited for. If the members are for one zone, ordinals whose volumes are in another zone are left out.
 */
export function freeOrdinals(
  resource: Resource,
  observed: Observed,
  { count, zone }: { count: number; zone?: string },
  nowMs: number,
  again: (atMs: number) => void,
): number[] {
  const { used, soonFree } = takenOrdinals(resource, observed, nowMs, again);
  if (zone !== undefined) {
    const elsewhere = observed.claims.filter((claim) => (claim.zone ?? zone) !== zone);
    for (const { ordinal } of elsewhere) used.add(ordinal);
    // A member that is moved may lead afterwards if it could before.
    for (const ordinal of resource.spec.failover.neverPrimary?.ordinals ?? []) used.add(ordinal);
  }
  const holders = holderOrdinals(resource, observed);
  const chosen = holders.filter((ordinal) => !used.has(ordinal)).slice(0, count);
  for (let ordinal = 0; chosen.length < count; ordinal++) {
    if (!used.has(ordinal) && !chosen.includes(ordinal)) chosen.push(ordinal);
  }
  return chosen.filter((ordinal) => !soonFree.has(ordinal));
}

/**
 * Before the first election: the members whose claims are older than this resource, and that have no pod. One of them may hold the
 * newest data. They are created in addition to the others; after the election the surplus is deleted.
 */
export function earlierOrdinals(
  resource: Resource,
  observed: Observed,
  nowMs: number,
  again: (atMs: number) => void,
): number[] {
  if (!isFindingData(resource, observed)) return [];
  const { used, soonFree } = takenOrdinals(resource, observed, nowMs, again);
  return [...new Set(earlierClaims(resource, observed).map(({ ordinal }) => ordinal))].filter(
    (ordinal) => !used.has(ordinal) && !soonFree.has(ordinal),
  );
}
