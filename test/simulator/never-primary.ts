import type { Status } from '../../src/api/status.ts';
import { ordinalOf } from '../../src/core/model/naming.ts';
import type { ExperimentWorld } from './experiment-world.ts';
import { zoneOf } from './nodes.ts';
import { subject } from './subject.ts';

/** Whether the spec of this minute forbids a pod to lead. This looks at the pod's node, and not at what an operator knows of it. */
export function isForbidden({ api }: Pick<ExperimentWorld, 'api'>, pod: string): boolean {
  const { ordinals, zones } = api.service.spec.failover.neverPrimary ?? {};
  const node = api.pods.find(({ metadata }) => metadata?.name === pod)?.spec?.nodeName;
  const ordinal = ordinalOf(subject.name, pod) ?? -1;
  return (
    ordinals?.includes(ordinal) === true ||
    (node !== undefined && zones?.includes(zoneOf(node)) === true)
  );
}

/** The election of a member that may not lead; undefined if this is none. The primary until now may lead on, if no other can lead. */
export function forbiddenElection(
  world: Pick<ExperimentWorld, 'api' | 'kubelets'>,
  before: Status,
  { primary, epoch }: Status,
): string | undefined {
  const isElected = primary !== undefined && primary !== before.primary;
  if (!isElected || !isForbidden(world, primary)) return undefined;
  // The status was lost, and not the role.
  if (world.kubelets.agents.some(({ name, leadership }) => name === primary && leadership))
    return undefined;
  return `${primary} is elected in epoch ${epoch}, and may not lead`;
}

/** Only members that may not lead are left for a failover, as the operator says, and that is so: it waits, rightly, for a person. */
export function waitsForForbidden({
  api,
  kubelets,
}: Pick<ExperimentWorld, 'api' | 'kubelets'>): boolean {
  const has = (type: string, reason: string) =>
    api.service.status.conditions?.some(
      (each) => each.type === type && each.status === 'True' && each.reason === reason,
    ) === true;
  const others = kubelets.agents.filter(({ name }) => !isForbidden({ api }, name));
  if (has('Degraded', 'NoSuccessor')) return others.length < 2;
  const isCopy = ({ name, following }: (typeof others)[number]) =>
    kubelets.dataOf(name) !== undefined && following?.cloning !== true;
  return has('FailoverBlocked', 'NeverPrimary') && !others.some(isCopy);
}
