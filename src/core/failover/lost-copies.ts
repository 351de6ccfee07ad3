import { isHealthy, reportOf } from '../model/member.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { keepsData } from '../resources/kept-data.ts';
import { provesFence } from './fence.ts';

/**
 * The members whose data a failover needs and that have certainly lost them, if it cannot go on without one of them: then waiting
 * does not help. Empty as long as one that may still come back would do.
 */
function lostCopies(resource: Resource, { members }: Observed): string[] {
  const { primary = '', syncSets = [] } = resource.status;
  const isLost = (name: string) => {
    const member = members.find((each) => each.name === name);
    return member === undefined
      ? !keepsData(resource.spec)
      : isHealthy(member) && reportOf(member)?.state === 'Empty';
  };
  const names = [...new Set([primary, ...syncSets.flatMap((set) => set.members)])];
  const others = new Set(names.filter((name) => !isLost(name)));
  const mayBeProved = syncSets.length > 0 && syncSets.every((set) => provesFence(set, others));
  return others.has(primary) || mayBeProved ? [] : names.filter(isLost);
}

/** What a person can do about a fence that cannot be proved any more, as so many copies are lost; empty as long as waiting helps. */
export function goOnWithLess(resource: Resource, observed: Observed): string {
  const lost = lostCopies(resource, observed);
  if (lost.length === 0) return '';
  const command = `kubectl patch has ${resource.name} -n ${resource.namespace} --type merge -p '{"spec":{"failover":{"consistency":"Eventual"}}}'`;
  return `. ${lost.join(' and ')} ${lost.length === 1 ? 'has' : 'have'} no data any more, so that waiting does not help: to go on with the data that are left, and to lose the writes that only the lost copies held: \`${command}\`, and Strong again once a member leads`;
}
