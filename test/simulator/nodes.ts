import type { KubeObject, Node, Pod } from '../../src/kube/api-types.ts';
import { ordinalOf } from '../../src/core/model/naming.ts';
import { subject } from './subject.ts';

/** One for each member that there can be. */
export const nodeNames = ['n0', 'n1', 'n2', 'n3', 'n4'];

const zoneOf = (node: string): string => 'abc'[Number(node.slice(1)) % 3] ?? 'a';

const zoneLabel = 'topology.kubernetes.io/zone';

/** A node that is ready, as the API server has it. */
export const nodeOf = (name: string): Node => ({
  metadata: { name, labels: { [zoneLabel]: zoneOf(name) } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

/** A pod is placed at once: on the node of its number, or on one of the zone that it asks for. */
export function schedule(object: KubeObject): Pod {
  const pod: Pod = object;
  const usual = `n${ordinalOf(subject.name, pod.metadata?.name ?? '')}`;
  const zone = pod.spec?.nodeSelector?.[zoneLabel];
  const isFree = zone === undefined || zone === zoneOf(usual);
  const nodeName = isFree ? usual : (nodeNames.find((node) => zoneOf(node) === zone) ?? usual);
  const spec = { ...pod.spec, nodeName } as NonNullable<Pod['spec']>;
  return { ...pod, spec, status: { phase: 'Pending' } };
}
