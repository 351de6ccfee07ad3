import type { Spec } from '../../../src/api/spec.ts';
import type { EndpointSlice, Pod, Service } from '../../../src/kube/api-types.ts';
import { missing } from './contains.ts';
import { type Seen, nameOf } from './seen.ts';

const suffixes = { write: '', read: '-read', all: '-all', members: '-members' } as const;
type Role = keyof typeof suffixes;

/** What is wrong with the Services, and with what is behind them. */
export function wrongServices(seen: Seen, spec: Spec): string[] {
  const { resource, services, slices } = seen;
  const { name } = resource.metadata;
  const roles = Object.keys(suffixes) as Role[];
  const names = roles.map((role) => name + suffixes[role]);
  const extra = services.map(nameOf).filter((each) => !names.includes(each));
  return [
    ...extra.map((each) => `there is a Service ${each} that nothing asks for`),
    ...roles.flatMap((role) => {
      const service = services.find((each) => nameOf(each) === name + suffixes[role]);
      if (service === undefined) return [`there is no Service ${name}${suffixes[role]}`];
      const behind = slices.filter(
        ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === nameOf(service),
      );
      return [
        ...wrongService(service, spec, role),
        ...wrongEndpoints(behind, membersBehind(role, seen, spec), spec),
        ...(role === 'members' ? wrongNames(behind, seen.pods) : []),
      ].map((fault) => `Service ${nameOf(service)}: ${fault}`);
    }),
  ];
}

function wrongService({ metadata, spec: service }: Service, spec: Spec, role: Role): string[] {
  const isHeadless = role === 'members';
  const { labels, annotations, ...settings } =
    (isHeadless ? undefined : spec.services?.[role]) ?? {};
  const {
    type = 'ClusterIP',
    sessionAffinity = 'None',
    sessionAffinityTimeout: timeout,
    externalTrafficPolicy,
    loadBalancerClass,
    loadBalancerSourceRanges,
  } = settings;
  const ports = spec.ports.map(({ name, port, protocol, targetPort }) => ({
    ...{ name, port, protocol, targetPort: targetPort ?? port },
  }));
  const wanted = {
    type,
    sessionAffinity,
    ports,
    externalTrafficPolicy: type === 'ClusterIP' ? undefined : (externalTrafficPolicy ?? 'Cluster'),
    ...(sessionAffinity === 'ClientIP'
      ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: secondsOf(timeout ?? '3h') } } }
      : {}),
    loadBalancerClass,
    loadBalancerSourceRanges,
    // It has the names of members that are not ready, too.
    ...(isHeadless ? { clusterIP: 'None', publishNotReadyAddresses: true } : {}),
  };
  const more = [
    ...(service?.ports?.length === ports.length ? [] : [`it has ${service?.ports?.length} ports`]),
    ...(sessionAffinity === 'None' && service?.sessionAffinityConfig !== undefined
      ? ['a timeout of sessions is left']
      : []),
    ...(type === 'ClusterIP' && service?.ports?.some(({ nodePort }) => nodePort !== undefined)
      ? ['a node port is left']
      : []),
    ...(service?.selector === undefined ? [] : ['it has a selector']),
    ...otherNames(service?.ports ?? [], spec),
  ];
  return [...missing({ labels, annotations }, metadata), ...missing(wanted, service), ...more];
}

const units: Record<string, number> = { s: 1, m: 60, h: 3_600 };
const secondsOf = (text: string) => Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? NaN);

/** The pods that a Service leads to, if all are healthy. */
function membersBehind(role: Role, { resource, pods }: Seen, { topology }: Spec): Pod[] {
  if (topology === 'ActiveActive' || role === 'all' || role === 'members') return pods;
  const isPrimary = (pod: Pod) => nameOf(pod) === resource.status?.primary;
  const standbys = pods.filter((pod) => !isPrimary(pod));
  return role === 'read' && standbys.length > 0 ? standbys : pods.filter(isPrimary);
}

function wrongEndpoints(slices: EndpointSlice[], members: Pod[], spec: Spec): string[] {
  const found = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
    .flatMap(({ addresses }) => addresses)
    .sort();
  const wanted = members.map(({ status }) => status?.podIP ?? '').sort();
  const faults =
    found.join() === wanted.join()
      ? []
      : [`it leads to ${found.join(', ') || 'nobody'}, not to ${wanted.join(', ') || 'nobody'}`];
  if (slices.length > 1) faults.push(`it has ${slices.length} slices`);
  const ports = spec.ports.map(({ name, port, protocol, targetPort = port }) => ({
    ...{ name, protocol, port: portOf(targetPort, spec) },
  }));
  return [
    ...faults,
    ...slices.flatMap((slice) => [
      ...missing(ports, slice.ports ?? [], 'ports'),
      ...otherNames(slice.ports ?? [], spec),
    ]),
  ];
}

/** Each member has a DNS name of its own. */
function wrongNames(slices: EndpointSlice[], pods: Pod[]): string[] {
  // The API server writes null for none.
  const found = slices.flatMap(({ endpoints }) => (endpoints ?? []).map((each) => each.hostname));
  const [is, should] = [found.sort().join(), pods.map(nameOf).sort().join()];
  return is === should ? [] : [`its endpoints have the names ${is}, not ${should}`];
}

/** A Service leads to the ports of its slices that have the same names: also no name is one. */
function otherNames(found: { name?: string }[], { ports }: Spec): string[] {
  const names = (all: { name?: string | undefined }[]) =>
    all
      .map(({ name }) => name ?? '')
      .sort()
      .join();
  const [is, should] = [names(found), names(ports)];
  return is === should ? [] : [`its ports have the names '${is}', not '${should}'`];
}

/** A port of a container by its name. */
function portOf(target: number | string, { template }: Spec): number | undefined {
  if (typeof target === 'number') return target;
  const containers = template.spec.containers as {
    ports?: { name?: string; containerPort: number }[];
  }[];
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === target)?.containerPort;
}

/** How many members a drain may take. */
export function wrongBudget({ budgets, resource }: Seen, { placement, replicas }: Spec): string[] {
  const { disruptionBudget } = placement;
  const [budget, ...more] = budgets;
  if (budget === undefined) return ['there is no disruption budget'];
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const least = Math.max(0, replicas - disruptionBudget);
  const isRight =
    minAvailable === undefined ? maxUnavailable === disruptionBudget : minAvailable === least;
  return [
    ...(more.length > 0 ? [`there are ${more.length + 1} disruption budgets`] : []),
    ...(isRight
      ? []
      : [
          `disruption budget of ${resource.metadata.name}: minAvailable ${String(minAvailable)}, maxUnavailable ${String(maxUnavailable)}, with replicas ${replicas} and disruptionBudget ${disruptionBudget}`,
        ]),
  ];
}
