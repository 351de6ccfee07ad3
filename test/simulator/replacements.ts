import { contractAnnotation, restartAnnotation } from '../../src/api/labels.ts';
import type { Status } from '../../src/api/status.ts';
import type { Member, Resource } from '../../src/core/model/observed.ts';
import { restartAskedAt } from '../../src/core/model/restart.ts';
import { desiredPod } from '../../src/core/resources/pod.ts';
import type { Pod } from '../../src/kube/api-types.ts';

/** Which restart of a pod was asked for and has not happened. */
export function dueRestartOf({ restart }: Pick<Status, 'restart'>, { metadata }: Pod) {
  const asked = restart?.lastRequest;
  if (asked === undefined || metadata?.annotations?.[restartAnnotation] === asked) return undefined;
  return Date.parse(String(metadata?.creationTimestamp)) < Date.parse(asked) ? asked : undefined;
}

/** What a pod is made from, where a quantity has the same text however a user writes it. */
const meaningOf = ({ metadata, spec }: Pod): string =>
  JSON.stringify([spec?.containers, metadata?.annotations?.[contractAnnotation]]).replaceAll(
    '"cpu":"0.1"',
    '"cpu":"100m"',
  );

/** Why a pod is replaced for nothing as outdated: it is made as its operator would make it, and no restart was asked for. */
export function whyNotOutdated(
  resource: Resource,
  status: Status,
  member: Member,
  pod: Pod | undefined,
): string | undefined {
  if (pod === undefined || restartAskedAt(status, member) !== undefined) return undefined;
  const next = desiredPod(resource, member.ordinal, 'standby') as Pod;
  return meaningOf(pod) === meaningOf(next)
    ? `${member.uid} is replaced, and the spec means what it was made from`
    : undefined;
}

/** Why a switchover for outdated pods comes too early: a standby is still to be restarted. */
export function whyPrimaryFirst(
  before: Status,
  after: Status,
  pods: readonly Pod[],
): string | undefined {
  // What a user asks for while a fence is put up comes too late for it.
  if (before.fencing !== undefined) return undefined;
  const last = after.fencing ?? after.failovers?.[0];
  if (last === undefined || last.epoch === before.failovers?.[0]?.epoch) return undefined;
  const isForPods = last.evidence?.includes('is replaced after all other members') === true;
  if (last.trigger !== 'Switchover' || !isForPods) return undefined;
  const left = pods.find(
    ({ metadata, ...pod }) =>
      metadata?.name !== last.from &&
      metadata?.deletionTimestamp === undefined &&
      dueRestartOf(after, { metadata, ...pod } as Pod) !== undefined,
  );
  return left === undefined
    ? undefined
    : `${last.from} gives up its role for a restart before ${left.metadata?.name} was restarted`;
}
