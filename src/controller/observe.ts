import { durationMs } from '../api/duration.ts';
import { type HAService, kind, parseSpec } from '../api/haservice.ts';
import type { Clock } from '../core/clock.ts';
import { ordinalOf, serviceNames, sliceName } from '../core/naming.ts';
import type { Member, NamedObject, Observed, Resource, Stranger } from '../core/observed.ts';
import { probePort } from '../core/ports.ts';
import type { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import type { KubeObject, Pod } from '../kube/wire.ts';
import type { Memory } from './memory.ts';
import { toMember } from './pod-view.ts';
import { type Stores, controllerUid } from './stores.ts';
import { zonesOf } from './zone-view.ts';

/** @throws HAError HA_ERR_SPEC_INVALID. */
export const toResource = (object: HAService): Resource => ({
  name: object.metadata.name,
  namespace: object.metadata.namespace,
  uid: object.metadata.uid,
  generation: object.metadata.generation ?? 0,
  createdAtMs: Date.parse(object.metadata.creationTimestamp ?? ''),
  deleting: object.metadata.deletionTimestamp !== undefined,
  spec: parseSpec(object.spec),
  status: object.status ?? {},
});

function membersOf(resource: Resource, stores: Stores): Member[] {
  const { name, spec } = resource;
  const { topologyKey } = spec.placement.zones;
  const nodeSelector = spec.template.spec['nodeSelector'] as Record<string, string> | undefined;
  const view = { name, topologyKey, zone: nodeSelector?.[topologyKey] };
  return stores.pods
    .byIndex('owner', resource.uid)
    .flatMap((pod) => {
      const node = pod.spec?.nodeName ? stores.nodes.get(undefined, pod.spec.nodeName) : undefined;
      return toMember(view, pod, node) ?? [];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** Tells the monitor whom to hear. Pods that are on their way out are heard to the end: their word still counts. */
function hear(monitor: HeartbeatMonitor, key: string, resource: Resource, members: Member[]): void {
  const port = probePort(resource.spec);
  const { engine, heartbeat } = resource.spec;
  if (port === undefined) {
    monitor.remove(key);
    return;
  }
  monitor.setMembers(
    key,
    members.flatMap(({ uid, name, ip }) => (ip === undefined ? [] : [{ uid, name, host: ip }])),
    {
      engine,
      port,
      detector: {
        kind: heartbeat.detector,
        intervalMs: durationMs(heartbeat.interval),
        timeoutMs: durationMs(heartbeat.timeout),
        phiThreshold: heartbeat.phiThreshold,
        failureThreshold: heartbeat.failureThreshold,
      },
    },
  );
}

const controllerOf = (object: KubeObject) =>
  object.metadata?.ownerReferences?.find(({ controller }) => controller === true);

/** Who has an object, in words. */
export function ownerOf(object: KubeObject): string {
  const owner = controllerOf(object);
  return owner === undefined ? 'somebody else' : `${owner.kind} ${owner.name}`;
}

/** Left by an earlier resource of this name: another UID, so that Kubernetes' garbage collector will delete it. */
export function isLeftOver(object: KubeObject, resource: { name: string; uid: string }): boolean {
  const owner = controllerOf(object);
  return owner?.kind === kind && owner.name === resource.name && owner.uid !== resource.uid;
}

function servicesOf(resource: Resource, stores: Stores): Record<string, NamedObject> {
  return Object.fromEntries(
    Object.values(serviceNames(resource.name)).flatMap((name) => {
      const service = stores.services.get(resource.namespace, name);
      if (service === undefined) return [];
      const ours = controllerUid(service) === resource.uid;
      const uid = service.metadata?.uid ?? '';
      const leftOver = isLeftOver(service, resource);
      return [[name, { uid, ours, owner: ownerOf(service), leftOver }]];
    }),
  );
}

/** Pods with our label or one of our names that another owns, or nobody. */
function strangersOf(resource: Resource, stores: Stores, memory: Memory, nowMs: number) {
  const strangers = new Map<string, Stranger>();
  for (const pod of stores.pods.byIndex('label', `${resource.namespace}/${resource.name}`)) {
    if (controllerUid(pod) === resource.uid) continue;
    const stranger = strangerOf(pod, resource);
    strangers.set(stranger.name, stranger);
  }
  for (const [name, { stranger, untilMs }] of memory.strangers) {
    if (nowMs >= untilMs) memory.strangers.delete(name);
    else if (ordinalOf(resource.name, name) !== undefined) strangers.set(name, stranger);
  }
  return [...strangers.values()];
}

/** How a pod that is not ours looks to the core. */
export function strangerOf(pod: Pod, resource: Resource): Stranger {
  const { name = '', deletionTimestamp } = pod.metadata ?? {};
  return {
    name,
    owner: ownerOf(pod),
    leftOver: isLeftOver(pod, resource),
    ...(deletionTimestamp === undefined ? {} : { deletionAtMs: Date.parse(deletionTimestamp) }),
  };
}

/** What the write Service's slices hold, and which family the addresses have. */
function slicesOf(
  resource: Resource,
  members: Member[],
  stores: Stores,
): Pick<Observed, 'writeEndpoints' | 'ipv6'> {
  const service = serviceNames(resource.name).write;
  const slice = (ipv6: boolean) => {
    const found = stores.slices.get(resource.namespace, sliceName(service, ipv6));
    return found !== undefined && controllerUid(found) === resource.uid ? found : undefined;
  };
  const ip = members.find((member) => member.ip !== undefined)?.ip;
  const ipv6 = ip === undefined ? slice(true) !== undefined : ip.includes(':');
  const slices = [slice(false), slice(true)].filter((found) => found !== undefined);
  if (slices.length === 0) return { ipv6 };
  const endpoints = slices.flatMap((found) => found.endpoints ?? []);
  return { ipv6, writeEndpoints: endpoints.map(({ targetRef }) => targetRef?.uid ?? '') };
}

export interface ObserveContext {
  stores: Stores;
  monitor: HeartbeatMonitor;
  clock: Clock;
  memory: Memory;
  operatorNode: string | undefined;
  connectedSinceMs: number | undefined;
}

/** Everything that a decision about this resource rests on. */
export function observe(key: string, resource: Resource, context: ObserveContext): Observed {
  const { stores, monitor, memory, clock, operatorNode, connectedSinceMs } = context;
  const members = membersOf(resource, stores);
  hear(monitor, key, resource, members);
  const ownNode =
    operatorNode === undefined ? undefined : stores.nodes.get(undefined, operatorNode);
  const operatorZone = ownNode?.metadata?.labels?.[resource.spec.placement.zones.topologyKey];
  return {
    members: members.map((member) => {
      const health = monitor.health(key, member.uid);
      return health === undefined ? member : { ...member, health };
    }),
    strangers: strangersOf(resource, stores, memory, clock.wallNow()),
    zones: zonesOf(stores.nodes.list(), resource.spec),
    ...(operatorZone === undefined ? {} : { operatorZone }),
    services: servicesOf(resource, stores),
    failures: [...memory.failures.values()],
    hooks: [...memory.hooks.values()],
    ...(memory.timeline === undefined ? {} : { timeline: memory.timeline }),
    ...(connectedSinceMs === undefined ? {} : { connectedSinceMs }),
    ...slicesOf(resource, members, stores),
  };
}
