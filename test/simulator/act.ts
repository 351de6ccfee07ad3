import type { Order } from '../../src/protocol/member-protocol.ts';
import type { Status } from '../../src/api/status.ts';
import { agentOf } from '../../src/core/resources/agent-pod.ts';
import type { Action } from '../../src/core/model/action.ts';
import type { RoleCommand } from '../../src/core/model/role-commands.ts';
import type { Manifest } from '../../src/core/model/manifest.ts';
import type { Unstructured } from '../../src/core/model/unstructured.ts';
import type { PodObject, Written } from './api-server.ts';
import { giveOrder } from './give-order.ts';
import { type Operator, t0 } from './operator.ts';
import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import { subject } from './subject.ts';

/** A question to the API server. It waits for the answer: undefined where none came in time. */
export type Call<T> = () => T;
export type Steps<T> = Generator<Call<unknown>, T, unknown>;

/** Does one thing, as src/controller/execute.ts. @returns Whether it changed something. */
export function* act(
  operator: Operator,
  action: Action,
  status: Status,
  onSettled: () => void,
): Steps<boolean> {
  switch (action.type) {
    case 'EnsureChild':
      return yield* ensure(operator, action.manifest, status);
    case 'CallHook':
      return give(operator, action.call, onSettled);
    case 'LabelPod': {
      const { uid, labels } = action.member;
      const changed = { labels: { ...labels, ...action.labels } };
      return yield* changePod(operator, (api) => api.changePod(uid, changed), action.member);
    }
    case 'CreatePod':
      return yield* create(operator, action.manifest);
    case 'DeletePod': {
      const { member, reason, gracePeriodSeconds = 2 } = action.removal;
      const { kernel } = operator.world;
      const unheardMs = operator.ears.get(member.uid)?.heardNothingMs ?? 0;
      // A stop takes all, as far as this operator knows of one.
      const isStop = operator.cache.service?.spec.replicas === 0;
      if (!isStop) operator.world.deletes(member.uid, reason, unheardMs);
      return yield* changePod(
        operator,
        (api) => api.deletePod(member.uid, t0 + kernel.nowMs, gracePeriodSeconds * 1_000),
        member,
      );
    }
    case 'DeleteStray':
      return false;
  }
}

function* changePod(
  operator: Operator,
  write: (api: Operator['world']['api']) => Written<PodObject>,
  member: { name: string; uid: string },
): Steps<boolean> {
  const { world, cache } = operator;
  const written = (yield () => write(world.api)) as Written<PodObject>;
  if (written.ok) cache.putPod(written.object);
  else cache.dropPod(member);
  operator.survives();
  return true;
}

function* create(operator: Operator, { metadata, spec }: Manifest): Steps<boolean> {
  const { world, cache } = operator;
  const { name, labels = {}, annotations = {} } = metadata;
  const ordinal = Number(name.split('-').at(-1));
  const member = {
    name,
    ordinal,
    labels: { ...labels },
    node: `n${ordinal}`,
    zone: 'abc'[ordinal % 3] ?? 'a',
    nodeReady: true,
    phase: 'Pending',
    ready: false,
    createdAtMs: t0 + Math.floor(world.kernel.nowMs / 1_000) * 1_000,
    templateHash: annotations['haservice.dev/template-hash'] ?? '',
    ...agentOf(spec as Unstructured),
  };
  const written = (yield () => {
    const created = world.api.createPod(member);
    return created.ok ? created.object : world.api.pods.get(name);
  }) as PodObject | undefined;
  if (written !== undefined) cache.putPod(written);
  operator.survives();
  return true;
}

function* ensure(operator: Operator, manifest: Manifest, { primaryUID }: Status): Steps<boolean> {
  if (manifest.metadata.labels?.['kubernetes.io/service-name'] !== subject.name) return false;
  const { world, cache, memory, clock } = operator;
  const endpoints = manifest['endpoints'] as { targetRef: { uid: string } }[];
  const uids = endpoints.map(({ targetRef }) => targetRef.uid);
  const { slice } = cache;
  if (slice?.uids.join() === uids.join()) return false;
  const { api } = world;
  const written = (yield () => api.putSlice(uids, slice?.version)) as Written<
    NonNullable<typeof slice>
  >;
  if (written.ok) {
    cache.putSlice(written.object);
    const { timeline } = memory;
    if (timeline !== undefined && primaryUID !== undefined && uids.includes(primaryUID)) {
      timeline.repointedAtMs ??= clock.wallNow();
      timeline.firstSuccessSkipped = true;
    }
    operator.survives();
    return true;
  }
  const fresh = (yield () => api.slice) as typeof slice;
  if (fresh !== undefined) cache.putSlice(fresh);
  return true;
}

function give(operator: Operator, call: RoleCommand, onSettled: () => void): boolean {
  const { action, member, epoch, reason, order } = call;
  const body = { member: member.name, uid: member.uid, epoch, reason, ...order };
  const given = { kind: action, order: body as Order } as AnyOrder;
  giveOrder(operator, member.uid, given, onSettled, call);
  operator.survives();
  return true;
}
