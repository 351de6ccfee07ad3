import { canonicalJson } from '../../../src/lib/hash.ts';
import type { Pod } from '../../../src/kube/api-types.ts';
import { type Seen, labelsOf, nameOf } from './seen.ts';

/** Parts of a service, each as text: equal texts mean an equal state, but for time, UIDs, and which member is which. */
export type Snapshot = Record<string, string>;

/** What is written anew for each pod, or at each pass: names of token volumes, nodes, the zone that a moved member is bound to. */
const perPod = [/^kube-api-access-/];

export function snapshotOf(seen: Seen): Snapshot {
  const { resource, pods, services, slices, budgets, claims } = seen;
  const { status = {} } = resource;
  const anonymous = anonymousOf(seen);
  const parts: Record<string, unknown> = {
    status: {
      ...{ phase: status.phase, reason: status.reason, ready: status.ready },
      ...{ replicas: status.replicas, readyReplicas: status.readyReplicas },
      ...{ selector: status.selector, consistency: status.consistency },
      fencing: status.fencing,
      conditions: status.conditions
        ?.map(({ type, status: is, reason }) => [type, is, reason])
        .sort(),
      members: (status.members ?? [])
        .map(({ role, health, state, message }) => canonicalJson({ role, health, state, message }))
        .sort(),
      syncSets: status.syncSets?.map(({ members, acks }) => [members.length, acks]),
    },
    pods: pods.map((pod) => canonicalJson(anonymous(pod))).sort(),
    // Not of members of before; and a volume never shrinks.
    claims: pods.flatMap((pod) => claimsOf(pod, claims)).sort(),
  };
  for (const service of services) {
    const { labels, annotations } = service.metadata ?? {};
    parts[`Service ${nameOf(service)}`] = { labels, annotations, spec: service.spec };
  }
  for (const slice of slices) {
    parts[`EndpointSlice ${nameOf(slice)}`] = {
      labels: labelsOf(slice),
      ports: slice.ports,
      endpoints: (slice.endpoints ?? [])
        .map(({ conditions, targetRef }) =>
          canonicalJson({ conditions, isPrimary: targetRef?.name === status.primary }),
        )
        .sort(),
    };
  }
  for (const budget of budgets) {
    parts[`PodDisruptionBudget ${nameOf(budget)}`] = {
      labels: labelsOf(budget),
      spec: budget.spec,
    };
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, canonicalJson(part)]),
  );
}

function claimsOf(pod: Pod, claims: Seen['claims']): string[] {
  return claims
    .filter((claim) => nameOf(claim).endsWith(`-${nameOf(pod)}`))
    .map(({ metadata }) => {
      const { labels, ownerReferences = [] } = metadata ?? {};
      return canonicalJson({ labels, owners: ownerReferences.map(({ uid }) => uid) });
    });
}

/** A pod without what differs between two members, or between a member and its successor. */
function anonymousOf({ resource }: Seen) {
  const { topologyKey } = (resource.spec as { placement: { zones: { topologyKey: string } } })
    .placement.zones;
  return ({ metadata, spec = { containers: [] } }: Pod): unknown => {
    const { nodeName: _, nodeSelector = {}, hostname: __, ...rest } = spec;
    const selector = Object.entries(nodeSelector).filter(([key]) => key !== topologyKey);
    const { labels = {}, annotations = {} } = metadata ?? {};
    const text = JSON.stringify({
      // Role and ordinal belong to one member.
      labels: without(labels, ['haservice.dev/role', 'haservice.dev/ordinal']),
      annotations,
      spec: { ...rest, nodeSelector: Object.fromEntries(selector) },
    });
    const name = metadata?.name ?? '';
    const parsed = JSON.parse(text.replaceAll(`${name}"`, 'POD"')) as unknown;
    return withoutTokens(parsed);
  };
}

const without = (map: Record<string, string>, names: string[]) =>
  Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));

function withoutTokens(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((entry) => !isToken(entry)).map(withoutTokens);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutTokens(each)]));
}

const isToken = (entry: unknown): boolean =>
  typeof entry === 'object' &&
  entry !== null &&
  'name' in entry &&
  perPod.some((pattern) => pattern.test(String(entry.name)));

/** How two states differ, in words. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (was === is) return [];
    if (was === undefined) return [`${name} is new`];
    if (is === undefined) return [`${name} is gone`];
    return [`${name}: ${firstDifference(was, is)}`];
  });
}

const around = 80;

function firstDifference(was: string, is: string): string {
  let at = 0;
  while (was[at] === is[at]) at += 1;
  const part = (text: string) => text.slice(Math.max(0, at - around), at + around);
  return `was …${part(was)}…, is …${part(is)}…`;
}
