import { managedByLabel, nameLabel, sliceManager } from '../../api/labels.ts';
import { type Manifest, ownerReference } from '../model/manifest.ts';
import { unwrittenContract } from '../model/contact.ts';
import { answersWrongly, hasEnded, isLive, isSynced, seemsHealthy } from '../model/member.ts';
import { type ServiceRole, selectorLabels, serviceNames, sliceName } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import {
  type ResolvedPort,
  memberPorts,
  portsKey,
  resolvePorts,
  servicePorts,
} from '../model/ports.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { fnv1a } from '../../lib/hash.ts';
import { exposureOf } from './service-exposure.ts';
import { withInherited, withNames } from './given-names.ts';
import { isActive } from '../model/topology.ts';
import { keepsEndpointUntilMs } from '../model/deafness.ts';

const labelsOf = (resource: Resource) => selectorLabels(resource.name);

/** A Service without a selector: Kubernetes leaves its endpoints to the operator. A field that is null must be absent. */
export function desiredService(resource: Resource, role: ServiceRole): Manifest {
  const isHeadless = role === 'members';
  const settings = isHeadless ? undefined : resource.spec.services?.[role];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceNames(resource.name)[role],
      namespace: resource.namespace,
      ...withNames(withInherited(resource, settings), labelsOf(resource)),
      ownerReferences: [ownerReference(resource)],
    },
    spec: {
      ...exposureOf(settings),
      ...(isHeadless ? { clusterIP: 'None', publishNotReadyAddresses: true } : {}),
      selector: null,
      ports: servicePorts(resource.spec).map(({ name, port, targetPort, protocol }) => ({
        // A name that the spec no longer has must go: with it the Service would lead to no port of its slices.
        name: name ?? null,
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
 * The EndpointSlices of a Service. The write Service has one primary and so one slice: the switch to another primary is one write of
 * that slice, even if the two serve on different ports. While a rolling update changes a port, the other Services have one slice for
 * the members of either port: a slice has one list of ports for all its endpoints. The one with the usual name has the members that
 * were made before; it gets the others when none of those is left.
 *
 * @param ipv6 the family of the pods' addresses: a slice has one family, and cannot change it
 */
export function desiredSlices(
  resource: Resource,
  role: ServiceRole,
  endpoints: Member[],
  ipv6: boolean,
): Manifest[] {
  const { spec } = resource;
  const current = resolvePorts(spec).ports;
  const groups = new Map<string, { ports: ResolvedPort[]; members: Member[] }>();
  for (const member of inFamily(endpoints, ipv6)) {
    const ports = memberPorts(spec, member);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, members: [] };
    groups.set(key, group);
    group.members.push(member);
  }
  const isCurrent = (key: string) => key === portsKey(current);
  const sorted = [...groups].sort(([a], [b]) => Number(isCurrent(a)) - Number(isCurrent(b)));
  const [[, first] = ['', { ports: current, members: [] }], ...others] = sorted;
  const name = sliceName(serviceNames(resource.name)[role], ipv6);
  return [
    sliceOf(resource, role, ipv6, name, first),
    ...others.map(([key, group]) => sliceOf(resource, role, ipv6, `${name}-${fnv1a(key)}`, group)),
  ];
}

function sliceOf(
  resource: Resource,
  role: ServiceRole,
  ipv6: boolean,
  name: string,
  { ports, members }: { ports: ResolvedPort[]; members: Member[] },
): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: resource.namespace,
      ...withNames(withInherited(resource), {
        [nameLabel]: resource.name,
        [managedByLabel]: 'haservice-operator',
        'kubernetes.io/service-name': serviceNames(resource.name)[role],
        'endpointslice.kubernetes.io/managed-by': sliceManager,
      }),
      ownerReferences: [ownerReference(resource)],
    },
    addressType: ipv6 ? 'IPv6' : 'IPv4',
    endpoints: members.map((member) => ({
      addresses: [member.ip],
      conditions: { ready: true, serving: true, terminating: false },
      ...(role === 'members' ? { hostname: member.name } : {}),
      ...(member.node === undefined ? {} : { nodeName: member.node }),
      ...(member.zone === undefined ? {} : { zone: member.zone }),
      targetRef: {
        kind: 'Pod',
        name: member.name,
        namespace: resource.namespace,
        uid: member.uid,
      },
    })),
    ports: ports.map(({ name: port, targetPort, protocol }) => ({
      name: port ?? '',
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
      ...withNames(withInherited(resource), labelsOf(resource)),
      ownerReferences: [ownerReference(resource)],
    },
    spec: {
      minAvailable: Math.max(0, replicas - placement.disruptionBudget),
      // With both the API server refuses the budget.
      maxUnavailable: null,
      selector: { matchLabels: { [nameLabel]: resource.name } },
      // A member of a database that is not ready may hold the last copy: a drain must not take it against the budget.
      unhealthyPodEvictionPolicy: knowsItsProgram(resource.spec)
        ? 'IfHealthyBudget'
        : 'AlwaysAllow',
    },
  };
}

/** Nothing listens where the spec says, and the pod does not say where it listens: an earlier version has made it. */
const isAskedBySpec = ({ spec }: Resource, member: Member): boolean =>
  isLive(member) &&
  member.ip !== undefined &&
  member.health?.cause === 'Refused' &&
  unwrittenContract(spec, member) !== undefined;

/**
 * The members behind each Service: those that are healthy and ready for the kubelet; also members that are silent together with all
 * others, as the operator's own network may be the cause, which must not empty a Service. For the same reason all members stay that
 * answer, but wrongly, if no other one is left: one edit, such as of the path of the check, can turn every member unhealthy, and
 * traffic to members that may be sick is better than none. If none answers at all, the same holds for members that refuse, if
 * nothing but the spec says where they are asked. `primary` is undefined while no member may take writes.
 * The Service that gives the members their names has all that run.
 */
export function endpointsOf(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  nowMs: number,
): Record<ServiceRole, Member[]> {
  const { members } = observed;
  const isHeard = (member: Member) =>
    seemsHealthy(member) || nowMs < (keepsEndpointUntilMs(resource, observed, member) ?? -Infinity);
  const able = members.filter((member) => member.ready && (isSynced(member) || member === primary));
  const mayBeSick = (member: Member) =>
    isHeard(member) || (answersWrongly(member) && isSynced(member));
  const isServing = able.some(seemsHealthy)
    ? isHeard
    : able.some(mayBeSick)
      ? mayBeSick
      : (member: Member) =>
          mayBeSick(member) || (isAskedBySpec(resource, member) && isSynced(member));
  const healthy = able.filter(isServing);
  const named = members.filter((member) => !hasEnded(member));
  if (isActive(resource)) {
    return { write: healthy, read: healthy, all: healthy, members: named };
  }
  const standbys = healthy.filter((member) => member.uid !== primary?.uid);
  const primaries = primary === undefined ? [] : [primary];
  const healthyPrimary = primaries.filter(isServing);
  return {
    write: primaries,
    // Reads go to the standbys; if there is none, to the primary.
    read: standbys.length > 0 ? standbys : healthyPrimary,
    all: [...standbys, ...healthyPrimary].sort((a, b) => a.ordinal - b.ordinal),
    members: named,
  };
}
