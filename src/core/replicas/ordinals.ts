import { ordinalOf } from '../model/naming.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { freeAtMs } from './garbage-collection-grace.ts';

/** The lowest free ordinals, those of `first` before all others. An ordinal that is about to become free is waited for. */
export function freeOrdinals(
  resource: Resource,
  observed: Observed,
  count: number,
  nowMs: number,
  again: (atMs: number) => void,
  first: readonly string[] = [],
): number[] {
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
  const wished = first.flatMap((name) => ordinalOf(resource.name, name) ?? []);
  const chosen = [...new Set(wished)].filter((ordinal) => !used.has(ordinal)).slice(0, count);
  for (let ordinal = 0; chosen.length < count; ordinal++) {
    if (!used.has(ordinal) && !chosen.includes(ordinal)) chosen.push(ordinal);
  }
  return chosen.filter((ordinal) => !soonFree.has(ordinal));
}
