import type { Spec } from '../../../src/api/spec.ts';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import { type Seen, nameOf } from './seen.ts';

/** Labels and annotations that objects should have from the HAService, or still have although nothing asks for them. */
export function wrongInheritance(seen: Seen, spec: Spec): string[] {
  const { inherit, template, services, volumeClaimTemplates } = spec;
  const { metadata } = seen.resource;
  const objects: KubeObject[] = [
    ...[...seen.pods, ...seen.services, ...seen.slices, ...seen.budgets],
    // Claims of members of before may have lost their volume.
    ...seen.claims.filter((claim) =>
      seen.pods.some((pod) => nameOf(claim).endsWith(`-${nameOf(pod)}`)),
    ),
  ];
  return (['labels', 'annotations'] as const).flatMap((kind) => {
    const given = metadata[kind] ?? {};
    const named = inherit?.[kind] ?? [];
    const own = [
      template.metadata?.[kind],
      ...volumeClaimTemplates.map((each) => each.metadata[kind]),
      ...Object.values(services ?? {}).map((each) => each?.[kind]),
    ];
    // What the user's own text for an object sets comes first: the rest of the oracle looks at that.
    const names = Object.keys(given).filter(
      (name) => !own.some((each) => each !== undefined && name in (each as object)),
    );
    return names.flatMap((name) => {
      const wanted = named.includes(name) ? given[name] : undefined;
      if (name.startsWith('kubectl.kubernetes.io/') || name.startsWith('haservice.dev/')) return [];
      return objects
        .filter((object) => object.metadata?.[kind]?.[name] !== wanted)
        .map(
          (object) =>
            `${object.kind ?? 'object'} ${nameOf(object)} has ${kind}.${name} ${object.metadata?.[kind]?.[name] ?? 'absent'}, not ${wanted ?? 'absent'}`,
        );
    });
  });
}
