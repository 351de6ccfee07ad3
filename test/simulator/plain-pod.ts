import { templateHashAnnotation } from '../../src/api/labels.ts';
import type { Pod } from '../../src/kube/api-types.ts';

/** As a pod was made before its service asked for an agent. */
export function withoutAgent(pod: Pod): Pod {
  const containers = (pod.spec?.containers ?? []).map(({ env: _env, ...container }) => container);
  const annotations = { ...pod.metadata?.annotations, [templateHashAnnotation]: 'plain' };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...pod.spec, containers },
  };
}
