import type { Status } from '../../api/status.ts';
import { hasQuorum, isOpenToAll } from '../model/capabilities.ts';
import type { EventNote } from '../model/event-note.ts';
import type { Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import { withoutEffect } from './without-effect.ts';

/** What a spec says that is allowed, and that may mean something else than the user thinks; each with what to write. */
export function specWarnings({ spec }: Pick<Resource, 'spec'>): string[] {
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
  return [...warnings, ...withoutEffect(spec)];
}

/** One Event for each, when a spec is seen for the first time. */
export function specNotes(resource: Resource, next: Status): EventNote[] {
  if (resource.status.observedGeneration === next.observedGeneration) return [];
  return specWarnings(resource).map((note) => ({
    ...{ type: 'Warning', reason: 'SpecWarning', action: 'Reconcile', note },
  }));
}
