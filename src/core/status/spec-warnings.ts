import type { Spec } from '../../api/spec.ts';
import type { Status } from '../../api/status.ts';
import { hasQuorum, isOpenToAll } from '../model/capabilities.ts';
import type { EventNote } from '../model/event-note.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';

/** What a spec says that is allowed, and that may mean something else than the user thinks; each with what to write. */
export function specWarnings(
  { spec }: Pick<Resource, 'spec'>,
  observed: Pick<Observed, 'zones' | 'members'>,
): string[] {
  const { replicas, failover, placement } = spec;
  const { disruptionBudget } = placement;
  const isStrong = failover.consistency === 'Strong';
  const warnings: string[] = [];
  if (isActive({ spec }) && isStrong) {
    warnings.push(
      'failover.consistency: Strong does nothing with topology: ActiveActive, as there is no primary: several members take writes at once. Remove it, or write topology: ActivePassive',
    );
  }
  if (replicas > 1 && disruptionBudget >= replicas) {
    warnings.push(
      `placement.disruptionBudget is ${disruptionBudget} and replicas is ${replicas}: a drain may stop all members at once. Write at most ${replicas - 1}`,
    );
  }
  if (isOpenToAll(spec)) {
    warnings.push(
      'engine.passwordSecret is absent: every program that reaches the port can read, change and delete all data. Create a Secret and name it there (while replicas is 0), or let a NetworkPolicy admit only your clients',
    );
  }
  if (replicas === 1 && isStrong && !isActive({ spec })) {
    warnings.push(
      hasQuorum(spec)
        ? 'failover.consistency is Strong and replicas is 1: no other member has the writes, so they are lost with the volume, and no member can take over. Write replicas: 3'
        : 'failover.consistency is Strong and replicas is 1: no member can take over. Write replicas: 2 or more',
    );
  }
  return [...warnings, ...forbidsNobody(spec, observed)];
}

/** A misspelt name would be noticed when such a member leads. */
function forbidsNobody(
  { failover: { neverPrimary = {} }, placement, replicas }: Spec,
  { zones, members }: Pick<Observed, 'zones' | 'members'>,
): string[] {
  const known = [...zones.map(({ name }) => name), ...members.flatMap(({ zone }) => zone ?? [])];
  const unknown = neverPrimary.zones?.filter((zone) => !known.includes(zone)) ?? [];
  const numbers =
    neverPrimary.ordinals?.filter(
      (number) => number >= replicas && !members.some(({ ordinal }) => ordinal === number),
    ) ?? [];
  const list = [...new Set(known)].sort().join(', ');
  return [
    ...(unknown.length === 0
      ? []
      : [
          `failover.neverPrimary.zones names ${unknown.join(', ')}, and no node that can take a member has that value of the label ${placement.zones.topologyKey} now. The zones are: ${list === '' ? 'none' : list}`,
        ]),
    ...(numbers.length === 0 || replicas === 0
      ? []
      : [
          `failover.neverPrimary.ordinals names ${numbers.join(', ')}, and replicas is ${replicas}: the members are numbered from 0 to ${replicas - 1}`,
        ]),
  ];
}

/** One Event for each, when a spec is seen for the first time. */
export function specNotes(resource: Resource, next: Status, observed: Observed): EventNote[] {
  if (resource.status.observedGeneration === next.observedGeneration) return [];
  return specWarnings(resource, observed).map((note) => ({
    ...{ type: 'Warning', reason: 'SpecWarning', action: 'Reconcile', note },
  }));
}
