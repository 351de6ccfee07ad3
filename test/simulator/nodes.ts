import type { KubeObject, Node, Pod } from '../../src/kube/api-types.ts';
import { ordinalOf } from '../../src/core/model/naming.ts';
import { subject } from './subject.ts';

/** One for each member that there can be. */
export const nodeNames = ['n0', 'n1', 'n2', 'n3', 'n4'];

export const zoneOf = (node: string): string => 'abc'[Number(node.slice(1)) % 3] ?? 'a';

export const zoneLabel = 'topology.kubernetes.io/zone';

/** A node that is ready, as the API server has it. */
export const nodeOf = (name: string): Node => ({
  metadata: { name, labels: { [zoneLabel]: zoneOf(name) } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

/** The same node, cordoned or not. */
export const cordoned = (node: Node, unschedulable: boolean): Node => ({
  ...node,
  spec: { ...node.spec, unschedulable },
});

const fullAnnotation = 'test/full';

/** The same node, with room for one more pod or not. An operator cannot see that. */
export const filled = ({ metadata, ...node }: Node, isFull: boolean): Node => ({
  ...node,
  metadata: { ...metadata, annotations: isFull ? { [fullAnnotation]: 'true' } : {} },
});

/**
 * A pod is placed at once: on the node of its number, or if the pod or a cordon forbids that, on another one, which is free if
 * possible. If no node takes the pod, the scheduler says so, and the pod waits.
 */
export function schedule(object: KubeObject, nodes: readonly Node[], pods: readonly Pod[]): Pod {
  const pod: Pod = object;
  const usual = `n${ordinalOf(subject.name, pod.metadata?.name ?? '')}`;
  const zone = pod.spec?.nodeSelector?.[zoneLabel];
  const open = nodes.flatMap(({ metadata, spec }) => {
    const name = metadata?.name ?? '';
    const isAllowed = zone === undefined || zone === zoneOf(name);
    const isFull = metadata?.annotations?.[fullAnnotation] !== undefined;
    return isAllowed && !isFull && spec?.unschedulable !== true ? [name] : [];
  });
  const isFree = (node: string) => !pods.some(({ spec }) => spec?.nodeName === node);
  const place = open.includes(usual) ? usual : (open.find(isFree) ?? open[0]);
  if (place === undefined) return { ...pod, status: { phase: 'Pending', conditions: [refusal] } };
  const spec = { ...pod.spec, nodeName: place } as NonNullable<Pod['spec']>;
  return { ...pod, spec, status: { phase: 'Pending' } };
}

const refusal = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: 'no node is open',
};

/** A claim has its volume as soon as it is created. */
export const bound = (plural: string, object: KubeObject): KubeObject =>
  plural === 'persistentvolumeclaims'
    ? ({ ...object, status: { phase: 'Bound' } } as KubeObject)
    : object;
