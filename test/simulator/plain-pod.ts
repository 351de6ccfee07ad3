import { contractAnnotation, templateHashAnnotation } from '../../src/api/labels.ts';
import { madeAs } from './agent-types.ts';
import type { Pod } from '../../src/kube/api-types.ts';

/** As a pod was made before its service asked for an agent. */
export function withoutAgent(pod: Pod): Pod {
  const { port, answer = '' } = madeAs(pod);
  const containers = (pod.spec?.containers ?? []).map(({ env: _env, ...container }) => ({
    ...container,
    command: ['program', String(port), answer],
  }));
  const contract = JSON.parse(pod.metadata?.annotations?.[contractAnnotation] ?? '') as object;
  const { initContainers: _installs, ...rest } = pod.spec ?? { containers: [] };
  const health = { type: 'TCP', tcp: { send: '?', expect: answer } };
  const hook = (path: string) => ({ path, timeout: '2s' });
  const hooks = { promote: hook('/promote'), demote: hook('/demote') };
  const annotations = {
    ...pod.metadata?.annotations,
    [templateHashAnnotation]: 'plain',
    [contractAnnotation]: JSON.stringify({ ...contract, health, hooks }),
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...rest, containers },
  };
}
