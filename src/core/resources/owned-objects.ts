import { managedByLabel, nameLabel, sliceManager } from '../../api/labels.ts';
import { type Manifest, ownerReference } from '../model/manifest.ts';
import { isSynced, seemsHealthy } from '../model/member.ts';
import { type ServiceRole, selectorLabels, serviceNames, sliceName } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { resolvePorts } from '../model/ports.ts';
import { isActive } from '../model/topology.ts';
import { keepsEndpointUntilMs } from '../model/deafness.ts';

const labelsOf = (resource: Resource) => selectorLabels(resource.name);

/** A Service without a selector: Kubernetes leaves its endpoints to the operator. */
export function desiredService(resource: Resource, role: ServiceRole): Manifest {
  const { ports } = resolvePorts(resource.spec);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceNames(resource.name)[role],
      namespace: resource.namespace,
      labels: labelsOf(resource),
      ownerReferences: [ownerReference(resource)],
    },
    spec: {
      type: 'ClusterIP',
      ports: ports.map(({ name, port, targetPort, protocol }) => ({
        ...(name === undefined ? {} : { name }),
        port,
        protocol,
        targetPort,
      })),
    },
  };
}

/** The members with an address of this family: a slice has one family alone. */
export const inFamily = (members: Member[], ipv6: boolean): Member[] =>
  members.filter(({ ip }) => ip?.includes(':') === ipv6);

/**
 * The one EndpointSlice of a Service: the switch to another primary is one write of it.
 *
 * @param ipv6 the family of the pods' addresses: a slice has one family, and cannot change it
 */
export function desiredSlice(
  resource: Resource,
  role: ServiceRole,
  endpoints: Member[],
  ipv6: boolean,
): Manifest {
  const service = serviceNames(resource.name)[role];
  const { ports } = resolvePorts(resource.spec);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: sliceName(service, ipv6),
      namespace: resource.namespace,
      labels: {
        [nameLabel]: resource.name,
        [managedByLabel]: 'haservice-operator',
        'kubernetes.io/service-name': service,
        'endpointslice.kubernetes.io/managed-by': sliceManager,
      },
      ownerReferences: [ownerReference(resource)],
    },
    addressType: ipv6 ? 'IPv6' : 'IPv4',
    endpoints: inFamily(endpoints, ipv6).map((member) => ({
      addresses: [member.ip],
      conditions: { ready: true, serving: true, terminating: false },
      ...(member.node === undefined ? {} : { nodeName: member.node }),
      ...(member.zone === undefined ? {} : { zone: member.zone }),
      targetRef: {
        kind: 'Pod',
        name: member.name,
        namespace: resource.namespace,
        uid: member.uid,
      },
    })),
    ports: ports.map(({ name, targetPort, protocol }) => ({
      name: name ?? '',
      port: targetPort,
      protocol,
    })),
  };
}

/**
 * Limits how many members a drain may evict. minAvailable, not maxUnavailable: for the latter the disruption controller must find
 * the scale subresource, and blocks every drain if it cannot.
 */
export function desiredBudget(resource: Resource): Manifest {
  const { replicas, placement } = resource.spec;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: resource.name,
      namespace: resource.namespace,
      labels: labelsOf(resource),
      ownerReferences: [ownerReference(resource)],
    },
    spec: {
      minAvailable: Math.max(0, replicas - placement.disruptionBudget),
      selector: { matchLabels: { [nameLabel]: resource.name } },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}

/**
 * The members behind each Service: those that are healthy and ready for the kubelet; also members that are silent together with all
 * others, as the operator's own network may be the cause, which must not empty a Service. `primary` is undefined while no member may
 * take writes.
 */
export function endpointsOf(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  nowMs: number,
): Record<ServiceRole, Member[]> {
  const { members } = observed;
  const isServing = (member: Member) =>
    seemsHealthy(member) || nowMs < (keepsEndpointUntilMs(resource, observed, member) ?? -Infinity);
  const healthy = members.filter(
    (member) => member.ready && isServing(member) && (isSynced(member) || member === primary),
  );
  if (isActive(resource)) {
    return { write: healthy, read: healthy, all: healthy };
  }
  const standbys = healthy.filter((member) => member.uid !== primary?.uid);
  const primaries = primary === undefined ? [] : [primary];
  const healthyPrimary = primaries.filter(isServing);
  return {
    write: primaries,
    // Reads go to the standbys; if there is none, to the primary.
    read: standbys.length > 0 ? standbys : healthyPrimary,
    all: [...standbys, ...healthyPrimary].sort((a, b) => a.ordinal - b.ordinal),
  };
}
