import type { Spec } from '../../api/spec.ts';
import { hasQuorum, isOpenToAll } from '../model/capabilities.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import type { DesiredCondition } from './desired-condition.ts';
import { keepsData } from '../resources/kept-data.ts';
import { withoutEffect } from './without-effect.ts';

/** What a spec says that is allowed, and that may mean something else than the user thinks; each with what to write. */
function specWarnings({ spec, status, generation }: About, observed: Seen): string[] {
  const { changeTimes } = observed;
  const { replicas, failover, placement } = spec;
  const { disruptionBudget } = placement;
  const isStrong = failover.consistency === 'Strong';
  const warnings: string[] = [];
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
  if (replicas > 1 && hasQuorum(spec) && !keepsData(spec)) {
    warnings.push(
      'failover.consistency is Strong and the members have no volumes: the data of a member are lost with its pod, and if several pods are deleted within seconds, no member can take over until you decide to lose writes. Write volumeClaimTemplates',
    );
  }
  if (changeTimes?.isEndless === true) {
    warnings.push(
      'plannedChanges.blackouts leave no time of day: no planned change ever begins. Leave some time between them',
    );
  }
  // A zone that is lost later was no mistake of the spec.
  const told = status.conditions?.find(({ type }) => type === 'SpecWarning')?.message ?? '';
  const isNew = status.observedGeneration !== generation;
  const names = forbidsNobody(spec, observed).filter((text) => isNew || told.includes(text));
  const wrong = changeTimes?.problem?.message;
  const ignored = wrong === undefined ? [] : [`${wrong}. Until then it holds no change back`];
  return [...warnings, ...withoutEffect(spec), ...names, ...ignored];
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

type About = Pick<Resource, 'spec' | 'status' | 'generation'>;
type Seen = Pick<Observed, 'zones' | 'members' | 'changeTimes'>;

/** The condition for all of them: it stands as long as the spec has one, as an Event is gone after an hour. */
export function specWarning(resource: About, observed: Seen): DesiredCondition[] {
  const message = specWarnings(resource, observed).join('. ');
  return message === ''
    ? []
    : [{ type: 'SpecWarning', status: true, reason: 'MayBeMeantOtherwise', message }];
}
