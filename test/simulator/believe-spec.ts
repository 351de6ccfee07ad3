import { contractAnnotation } from '../../src/api/labels.ts';
import type { Spec } from '../../src/api/spec.ts';
import type { Stores } from '../../src/controller/state/stores.ts';
import { desiredPod } from '../../src/core/resources/pod.ts';
import type { Pod } from '../../src/kube/api-types.ts';
import { subject } from './subject.ts';

/** A mutant: all of an operator that reads how a pod was made reads what the spec of this minute says instead. */
export function believeSpec({ pods }: Stores, specNow: () => Spec): void {
  const byIndex = pods.byIndex.bind(pods);
  pods.byIndex = (index, value) => byIndex(index, value).map((pod) => asMadeBy(specNow(), pod));
}

function asMadeBy(spec: Spec, pod: Pod): Pod {
  const resource = { ...subject, generation: 1, spec, status: {} };
  const made = desiredPod(resource, 0, 'standby') as Pod;
  const contract = made.metadata?.annotations?.[contractAnnotation] ?? '';
  const annotations = { ...pod.metadata?.annotations, [contractAnnotation]: contract };
  const { containers = [] } = made.spec ?? {};
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...pod.spec, containers },
  };
}
