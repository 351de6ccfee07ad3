import type { Spec } from '../../../src/api/spec.ts';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import { quantity } from './contains.ts';
import { type Seen, nameOf } from './seen.ts';

/** What is wrong with the volumes of the members. Claims of members of before are kept, and no fault. */
export function wrongClaims(seen: Seen, spec: Spec): string[] {
  return [...wrongVolumes(seen, spec), ...wrongOwners(seen, spec)];
}

function wrongOwners({ resource, pods, claims }: Seen, spec: Spec): string[] {
  const isOwned = ({ metadata }: KubeObject) =>
    metadata?.ownerReferences?.some(({ uid }) => uid === resource.metadata.uid) === true;
  const isOfMember = (claim: KubeObject) =>
    spec.volumeClaimTemplates.some(({ metadata }) =>
      pods.some((pod) => nameOf(claim) === `${metadata.name}-${nameOf(pod)}`),
    );
  return spec.volumeClaimRetentionPolicy?.whenDeleted === 'Delete'
    ? claims
        .filter((claim) => isOfMember(claim) && !isOwned(claim))
        .map((claim) => `claim ${nameOf(claim)} would stay when the HAService is deleted`)
    : claims
        .filter(isOwned)
        .map((claim) => `claim ${nameOf(claim)} would be deleted with the HAService`);
}

function wrongVolumes({ pods, claims }: Seen, { volumeClaimTemplates }: Spec): string[] {
  return pods.flatMap((pod) =>
    volumeClaimTemplates.flatMap(({ metadata, spec }) => {
      const name = `${metadata.name}-${nameOf(pod)}`;
      const volume = pod.spec?.volumes?.find((each) => each.name === metadata.name);
      const claim = claims.find((each) => nameOf(each) === name);
      if (claim === undefined) return [`there is no claim ${name}`];
      const { resources } = spec as { resources?: { requests?: { storage?: unknown } } };
      const wanted = quantity(resources?.requests?.storage) ?? 0;
      const found = quantity(claim.spec?.resources?.requests?.['storage']) ?? 0;
      return [
        ...(volume?.persistentVolumeClaim?.claimName === name
          ? []
          : [`pod ${nameOf(pod)} does not have claim ${name} as its volume ${metadata.name}`]),
        ...(found < wanted ? [`claim ${name} asks for ${found} bytes, not ${wanted}`] : []),
      ];
    }),
  );
}
