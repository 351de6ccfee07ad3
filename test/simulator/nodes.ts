import type { KubeObject, Pod } from '../../src/kube/api-types.ts';
import { ordinalOf } from '../../src/core/model/naming.ts';
import { subject } from './subject.ts';

/** One for each member that there can be. */
export const nodeNames = ['n0', 'n1', 'n2', 'n3', 'n4'];

export const zoneOf = (node: string): string => 'abc'[Number(node.slice(1)) % 3] ?? 'a';

/** A pod is placed at once: on the node of its number, or on one of the zone that it asks for. */
export function schedule(object: KubeObject): Pod {
  const pod: Pod = object;
  const usual = `n${ordinalOf(subject.name, pod.metadata?.name ?? '')}`;
  const zone = pod.spec?.nodeSelector?.['topology.kubernetes.io/zone'];
  const isFree = zone === undefined || zone === zoneOf(usual);
  const nodeName = isFree ? usual : (nodeNames.find((node) => zoneOf(node) === zone) ?? usual);
  const spec = { ...pod.spec, nodeName } as NonNullable<Pod['spec']>;
  return { ...pod, spec, status: { phase: 'Pending' } };
}
