import {
  restartAnnotation,
  switchoverAnnotation,
  templateHashAnnotation,
} from '../../src/api/labels.ts';
import { templateHash } from '../../src/core/resources/pod.ts';
import type { ExperimentWorld } from './experiment-world.ts';
import { isForbidden } from './never-primary.ts';
import { dueRestartOf } from './replacements.ts';

/** What is missing to be what is wished: one leader whom the Service names, and all others following it. */
export function whyNotWhole({ api, kubelets }: ExperimentWorld): string | undefined {
  const { status, spec } = api.service;
  if (status.phase !== 'Healthy') {
    const blocked = status.conditions?.find(({ type }) => type === 'FailoverBlocked');
    const degraded = status.conditions?.find(({ type }) => type === 'Degraded');
    return `phase ${status.phase}: ${blocked?.status === 'True' ? blocked.message : degraded?.message}`;
  }
  if (isForbidden({ api }, status.primary ?? '')) return 'the primary may not lead';
  if (api.endpoints.join() !== status.primaryUID) return 'the Service does not name the primary';
  const { agents } = kubelets;
  if (agents.length !== spec.replicas) return `${agents.length} processes run`;
  const leaders = agents.filter(({ leadership }) => leadership !== undefined);
  if (leaders.map(({ pod }) => pod.uid).join() !== status.primaryUID)
    return 'the primary does not lead';
  const followers = agents.filter(
    ({ following }) => following?.order.leader.member === status.primary,
  );
  if (followers.length !== agents.length - 1) return 'not all others follow';
  const orphan = ['pods', 'services', 'endpointslices']
    .flatMap((kind) => api.list(kind))
    .find(({ metadata }) => (metadata?.ownerReferences ?? []).length === 0);
  if (orphan !== undefined) return `${orphan.kind} ${orphan.metadata?.name} has no owner`;
  const wrong = api.list('persistentvolumeclaims').find(({ metadata }) => {
    const isOwned = (metadata?.ownerReferences ?? []).length > 0;
    return isOwned !== (spec.volumeClaimRetentionPolicy?.whenDeleted === 'Delete');
  });
  if (wrong !== undefined) return `claim ${wrong.metadata?.name} is not owned as is wished`;
  const { [restartAnnotation]: asked } = api.service.metadata.annotations ?? {};
  const { lastRequest, refusedRequest } = status.restart ?? {};
  if (asked !== undefined && asked !== lastRequest && asked !== refusedRequest) {
    return `the restart of ${asked} is not answered`;
  }
  const { [switchoverAnnotation]: wanted } = api.service.metadata.annotations ?? {};
  const answered = [status.switchover?.lastRequest, status.switchover?.refusedRequest];
  if (wanted !== undefined && !answered.includes(wanted)) {
    return `the switchover of ${wanted} is not answered`;
  }
  const old = api.pods.find((pod) => dueRestartOf(status, pod) !== undefined);
  if (old !== undefined) return `${old.metadata?.name} is older than the restart of ${lastRequest}`;
  const hash = templateHash(spec);
  return api.pods.some(({ metadata }) => metadata?.annotations?.[templateHashAnnotation] !== hash)
    ? 'not all pods are made from the template'
    : undefined;
}
