import { isHealthy, reportOf } from '../model/member.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { absentKeepsData } from '../resources/kept-data.ts';
import { type Election, describeRejections } from './election.ts';
import { allLost } from './failover-plan.ts';
import { provesFence } from './fence.ts';

/**
 * The members whose data a failover needs, and those of them that have certainly lost them, if it cannot go on without one of these:
 * then waiting does not help. None is lost as long as one that may still come back would do.
 */
function lostCopies(
  resource: Resource,
  { members }: Observed,
): { names: string[]; lost: string[] } {
  const { primary = '', syncSets = [] } = resource.status;
  const isLost = (name: string) => {
    const member = members.find((each) => each.name === name);
    return member === undefined
      ? !absentKeepsData(resource.spec, members)
      : isHealthy(member) && reportOf(member)?.state === 'Empty';
  };
  const names = [...new Set([primary, ...syncSets.flatMap((set) => set.members)])];
  const others = new Set(names.filter((name) => !isLost(name)));
  const mayBeProved = syncSets.length > 0 && syncSets.every((set) => provesFence(set, others));
  const helps = others.has(primary) || mayBeProved;
  return { names, lost: helps ? [] : names.filter(isLost) };
}

/** What a person can do about a fence that cannot be proved any more, as so many copies are lost; empty as long as waiting helps. */
export function goOnWithLess(
  resource: Resource,
  observed: Observed,
  { winner, ranked, rejected }: Election,
): string {
  const { names, lost } = lostCopies(resource, observed);
  if (lost.length === 0) return '';
  const said = `. ${lost.join(' and ')} ${lost.length === 1 ? 'has' : 'have'} no data any more`;
  // The command elects at once among those that can take over: what the others hold is given up, too.
  const left = names.filter((name) => !lost.includes(name));
  const away = left
    .filter((name) => ranked.every((member) => member.name !== name))
    .map((pod) => rejected.find((each) => each.pod === pod) ?? { pod, why: 'has no pod' });
  if (winner === undefined) {
    const all = allLost(resource, observed);
    if (away.length === 0) return all === undefined ? said : `${said}. ${all}`;
    return `${said}, and of those that may have data none can take over now: ${describeRejections(away)}. Bring one of them back first`;
  }
  const also =
    away.length === 0
      ? ''
      : ` and those that cannot take over now (${describeRejections(away)}: bring them back first if you can)`;
  const command = `kubectl patch has ${resource.name} -n ${resource.namespace} --type merge -p '{"spec":{"failover":{"consistency":"Eventual"}}}'`;
  return `${said}, so that waiting for ${lost.length === 1 ? 'it' : 'them'} does not help: to go on with the data that are left, and to lose the writes that only the lost copies${also} held: \`${command}\`, and Strong again once a member leads`;
}
