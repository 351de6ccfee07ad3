import { durationMs } from '../../api/duration.ts';
import {
  chaosAnnotation,
  failoverNowAnnotation,
  isOwnName,
  restartAnnotation,
  switchoverAnnotation,
} from '../../api/labels.ts';
import { type HAService, parseSpec } from '../../api/haservice.ts';
import { scheduleOf } from '../../calendar/schedule.ts';
import type { Clock } from '../../lib/clock.ts';
import { needsLease, usesAgent } from '../../core/model/capabilities.ts';
import { isFromTemplate } from '../../core/resources/pod.ts';
import { serviceNames } from '../../core/model/naming.ts';
import type { Member, Observed, Resource } from '../../core/model/observed.ts';
import type { NamedObject } from '../../core/model/found-objects.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import { type ChaosContext, chaosViewOf } from './chaos-view.ts';
import { endpointsSeen } from './endpoints-view.ts';
import { isAwaitingGarbageCollection, isOwnOrOrphan, ownerOf } from '../state/owner-references.ts';
import { claimsOf, ownedClaimsOf } from './claims-view.ts';
import { memberPodsOf } from '../state/member-pods.ts';
import { toMembers } from './to-members.ts';
import { storedStatus } from './stored-status.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';
import { foreignPodsOf } from './foreign-pods.ts';
import { controllerField, olderHolder } from './name-holders.ts';
import { zonesOf } from './zone-view.ts';

/** @throws HAError HA_ERR_SPEC_INVALID. */
export const toResource = (object: HAService, agentImage?: string): Resource => ({
  name: object.metadata.name,
  namespace: object.metadata.namespace,
  uid: object.metadata.uid,
  generation: object.metadata.generation ?? 0,
  createdAtMs: Date.parse(object.metadata.creationTimestamp ?? ''),
  deleting: object.metadata.deletionTimestamp !== undefined,
  spec: parseSpec(object.spec),
  status: storedStatus(object),
  ...inheritedOf(object),
  ...requestsOf(object),
  ...(agentImage === undefined ? {} : { agentImage }),
});

/** What the objects of the resource inherit. */
function inheritedOf({ spec, metadata }: HAService): Pick<Resource, 'inherited'> {
  const { inherit } = parseSpec(spec);
  if (inherit === undefined) return {};
  // The CRD refuses names of the operator, which nothing may override.
  const named = (names: string[] = [], all: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => names.includes(name) && !isOwnName(name)),
    );
  return {
    inherited: {
      labels: named(inherit.labels, metadata.labels),
      annotations: named(inherit.annotations, metadata.annotations),
    },
  };
}

/** What a user asks for by annotations. */
function requestsOf({ metadata }: HAService): Pick<Resource, 'requests'> {
  const names = {
    chaos: chaosAnnotation,
    failoverNow: failoverNowAnnotation,
    restart: restartAnnotation,
    switchover: switchoverAnnotation,
  };
  const requests = Object.entries(names).flatMap(([request, annotation]) => {
    const value = metadata.annotations?.[annotation];
    // The status repeats the values, and is stored without half of a character. A switchover may name a member or a zone after the time stamp.
    return value === undefined
      ? []
      : [[request, value.slice(0, request === 'switchover' ? 140 : 64).toWellFormed()]];
  });
  return requests.length === 0
    ? {}
    : { requests: Object.fromEntries(requests) as NonNullable<Resource['requests']> };
}

/** Its pod was made from the present spec, and so with an agent: not even its init container is left. */
const withoutAgent = (spec: Resource['spec'], member: Member): Member =>
  usesAgent(spec) && member.agentPort === undefined && isFromTemplate(spec, member)
    ? { ...member, isAgentUnseen: true }
    : member;

/** The pods of a resource as the core sees them, by ordinal. */
export const membersOf = (resource: Resource, stores: Stores): Member[] =>
  toMembers(resource, memberPodsOf(resource, stores), stores).map((member) =>
    withoutAgent(resource.spec, member),
  );

/**
 * A pod may have been created with another lease than the spec has now, also if the spec needs none any more; if the pod is gone, the
 * status still knows. An earlier version of the operator forgot that during a fence: then the leases count that this process has granted.
 */
export function leaseOf(
  monitor: ObserveContext['monitor'],
  { spec, status }: Resource,
  members: Member[],
): Pick<Observed, 'leaseEndsInMs'> {
  const { primaryUID, primaryLeaseMs, fencing } = status;
  if (primaryUID === undefined) return {};
  const primary = members.find(({ uid }) => uid === primaryUID);
  const ownMs = primary?.leaseMs ?? primaryLeaseMs;
  const specMs = needsLease(spec) ? durationMs(spec.failover.leaseDuration) : undefined;
  if (ownMs !== undefined || specMs !== undefined) {
    return { leaseEndsInMs: monitor.leaseEndsInMs(primaryUID, Math.max(ownMs ?? 0, specMs ?? 0)) };
  }
  if (primary !== undefined || fencing === undefined) return {};
  const leaseEndsInMs = monitor.leaseEndsInMs(primaryUID, 0);
  return leaseEndsInMs > 0 ? { leaseEndsInMs } : {};
}

function earlierLeaseOf(
  monitor: ObserveContext['monitor'],
  { earlierLease }: ReconcileState,
): Pick<Observed, 'earlierLease'> {
  if (earlierLease === undefined) return {};
  const { uid, leaseMs } = earlierLease;
  return { earlierLease: { uid, endsInMs: monitor.leaseEndsInMs(uid, leaseMs) } };
}

function servicesOf(resource: Resource, stores: Stores): Record<string, NamedObject> {
  return Object.fromEntries(
    Object.values(serviceNames(resource.name)).flatMap((name) => {
      const service = stores.services.get(resource.namespace, name);
      if (service === undefined) {
        const holder = olderHolder(resource, name, stores);
        if (holder === undefined) return [];
        const held = { owner: `HAService ${holder}`, controller: 'Other' } as const;
        return [[name, { ...held, uid: '', ours: false, isAwaitingGarbageCollection: false }]];
      }
      const ours = isOwnOrOrphan(service, resource);
      const uid = service.metadata?.uid ?? '';
      const awaits = isAwaitingGarbageCollection(service, resource);
      const owner = ownerOf(service);
      const controller = ours ? {} : controllerField(service, resource, stores);
      return [[name, { uid, ours, owner, ...controller, isAwaitingGarbageCollection: awaits }]];
    }),
  );
}

/** What an observation is read from. Reading changes nothing. */
export interface ObserveContext extends ChaosContext {
  monitor: Pick<HeartbeatMonitor, 'health' | 'leaseEndsInMs'>;
  clock: Clock;
  operatorNode: string | undefined;
  unsafe: Observed['unsafe'];
  connectedSinceMs: number | undefined;
}

/**
 * Everything that a decision about this resource depends on. It changes nothing. To be called after `monitor.setMembers` with these
 * members and the lease's holder: until then the monitor may grant another lease.
 */
export function observe(
  key: string,
  resource: Resource,
  members: Member[],
  context: ObserveContext,
): Observed {
  const { stores, monitor, state, clock, operatorNode, connectedSinceMs, unsafe } = context;
  const ownNode =
    operatorNode === undefined ? undefined : stores.nodes.get(undefined, operatorNode);
  const chaos = chaosViewOf(resource, context, clock.wallNow());
  const { plannedChanges } = resource.spec;
  const ownedClaims = ownedClaimsOf(resource, stores);
  const unknownClaims = stores.claims.completeness.whyOf(resource.namespace);
  const operatorZone = ownNode?.metadata?.labels?.[resource.spec.placement.zones.topologyKey];
  return {
    members: members.map((member) => {
      const health = monitor.health(key, member.uid);
      return {
        ...member,
        ...(health === undefined ? {} : { health }),
        ...(state.replaced.has(member.uid) ? { isReplaced: true as const } : {}),
      };
    }),
    foreignPods: foreignPodsOf(resource, stores, state, clock.wallNow()),
    claims: claimsOf(resource, stores),
    ...(ownedClaims.length === 0 ? {} : { ownedClaims }),
    ...(unknownClaims === undefined ? {} : { unknownClaims }),
    zones: zonesOf(stores.nodes.list(), resource.spec),
    ...(operatorZone === undefined ? {} : { operatorZone }),
    services: servicesOf(resource, stores),
    failures: [...state.failures.values()],
    roleCommands: [...state.roleCommands.values()],
    ...leaseOf(monitor, resource, members),
    ...earlierLeaseOf(monitor, state),
    ...(state.generation === undefined ? {} : { generationSinceMs: state.generation.sinceMs }),
    ...(state.faults === undefined ? {} : { knownFaults: state.faults }),
    ...(state.timings === undefined ? {} : { timings: state.timings }),
    ...(state.unansweredElection === undefined
      ? {}
      : { unansweredElection: state.unansweredElection }),
    ...(connectedSinceMs === undefined ? {} : { connectedSinceMs }),
    ...(unsafe === undefined ? {} : { unsafe }),
    ...(chaos === undefined ? {} : { chaos }),
    ...(plannedChanges === undefined
      ? {}
      : { changeTimes: scheduleOf(plannedChanges, clock.wallNow(), 'spec.plannedChanges') }),
    ...endpointsSeen(resource, members, stores),
  };
}
