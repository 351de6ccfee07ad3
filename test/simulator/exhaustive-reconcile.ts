import { defaultSettings } from '../../src/api/operator-settings.ts';
import { HAError } from '../../src/api/errors.ts';
import { apiVersion, kind } from '../../src/api/haservice.ts';
import { specSchema } from '../../src/api/spec.ts';
import type { Status } from '../../src/api/status.ts';
import { RoleCommandRunner } from '../../src/controller/act/role-command-runner.ts';
import { Reconciler } from '../../src/controller/reconcile/reconcile.ts';
import { toMember } from '../../src/controller/observe/pod-view.ts';
import { ApiServerHealth } from '../../src/controller/state/api-server-health.ts';
import { ReconcileStates } from '../../src/controller/state/reconcile-state.ts';
import { Stores } from '../../src/controller/state/stores.ts';
import { decide } from '../../src/core/decide.ts';
import { agentPort } from '../../src/core/model/capabilities.ts';
import { sliceName } from '../../src/core/model/naming.ts';
import type { Health, Resource } from '../../src/core/model/observed.ts';
import { desiredSlices } from '../../src/core/resources/owned-objects.ts';
import { desiredPod } from '../../src/core/resources/pod.ts';
import type { ApiRequest } from '../../src/kube/api-request.ts';
import type { EndpointSlice, KubeObject, Pod } from '../../src/kube/api-types.ts';
import type { Store } from '../../src/kube/store.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { MemberReport } from '../../src/protocol/member-protocol.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Consistency, Flight, Verdict } from './exhaustive-state.ts';
import { changed } from '../../src/controller/testing/merge-patch.ts';
import { nodeOf } from './nodes.ts';
import type { Mutant } from './mutant.ts';
import { subject } from './subject.ts';
import { noMetrics } from './telemetry.ts';
import { t0, timestamp } from './time.ts';

export const memberCount = 3;
const ordinals = Array.from({ length: memberCount }, (_, ordinal) => ordinal);
export const nameOf = (ordinal: number): string => `web-${ordinal}`;
export const uidOf = (ordinal: number): string => `uid-${ordinal}`;
const ordinalOf = (name: string): number => Number(name.split('-').at(-1));

/** Time stands still: what waits for a time has none to wait for, or waits for ever. */
const clock: Clock = { now: () => 0, wallNow: () => t0, after: () => () => {} };

const specOf = (consistency: Consistency) =>
  specSchema.parse({
    ports: [{ port: 80 }],
    replicas: memberCount,
    topology: 'LeaderFollower',
    engine: { type: 'Postgres' },
    failover: { consistency, minInterval: '0s' },
    template: { spec: { containers: [{ name: 'main', image: 'program', command: ['program'] }] } },
  });
const specs = { Strong: specOf('Strong'), Eventual: specOf('Eventual') };
const spec = specs.Strong;
const resource: Resource = { ...subject, generation: 1, spec, status: {} };

const nodes = ordinals.map((ordinal) => nodeOf(`n${ordinal}`));

const pods = ordinals.map((ordinal): Pod => {
  const { metadata, spec: podSpec } = desiredPod(resource, ordinal, 'standby') as Pod;
  const creationTimestamp = timestamp(t0 - 600_000);
  const conditions = [{ type: 'Ready', status: 'True' }];
  return {
    metadata: { ...metadata, uid: uidOf(ordinal), resourceVersion: '1', creationTimestamp },
    spec: { ...podSpec, nodeName: `n${ordinal}` } as NonNullable<Pod['spec']>,
    status: { phase: 'Running', podIP: `10.0.0.${ordinal}`, conditions },
  };
});

/** As old as it must be for each to be believed: a silent member fell silent while others were heard. */
const sinceMs = { Healthy: 60_000, Unknown: 0, Refused: 10_000, Silent: 10_000 };

/** What an operator has heard of a member. */
export interface Heard {
  verdict: Verdict;
  report?: MemberReport;
  generation: number;
}

function healthOf({ verdict, report, generation }: Heard): Health {
  const isDead = verdict === 'Refused' || verdict === 'Silent';
  return {
    verdict: isDead ? 'Dead' : verdict,
    ...(isDead ? { cause: verdict } : {}),
    ...(verdict === 'Refused' ? { refusedPort: agentPort(spec) } : {}),
    message: verdict,
    sinceWallMs: t0 - sinceMs[verdict],
    silentMs: 0,
    generation,
    evidence: verdict,
    ...(report === undefined ? {} : { report, reportedAtMs: t0 }),
  };
}

/** A status that an API server or a cache holds. */
export interface Versioned {
  status: Status;
  version: number;
  consistency: Consistency;
}

/** What one reconcile has done when it ends, or waits for the answer to a write of the status. */
export interface Effects {
  orders: Flight[];
  slice: string;
  /** The status that it knows now: another than before if it has asked for the resource. */
  known: Versioned;
  write: Status | undefined;
}

/** Objects that a reconcile makes once, and finds there ever after. By kind and name. */
const created = new Map<string, KubeObject>();

/** What the shipped reconcile does with what an operator knows. Its requests are answered at once, but for a new status. */
export function reconcileOn(
  known: Versioned,
  landed: Versioned,
  heard: readonly Heard[],
  slice: string,
  mutant: Mutant,
  isSame: (a: Status, b: Status) => boolean,
): Effects {
  const stores = new Stores();
  for (const store of Object.values(stores) as Store<KubeObject>[]) store.completeness.listed('');
  stores.resources.put(serviceOf(known));
  for (const node of nodes) stores.nodes.put(node);
  for (const pod of pods) stores.pods.put(pod);
  for (const object of created.values()) put(stores, object, slice);
  const effects: Effects = { orders: [], slice, known, write: undefined };
  const monitor = {
    setMembers: () => {},
    remove: () => {},
    podCreated: () => {},
    reported: () => {},
    grant: () => ({}),
    leaseEndsInMs: () => 0,
    health: (_key: string, uid: string) => {
      const at = ordinals.find((ordinal) => uidOf(ordinal) === uid);
      return at === undefined
        ? undefined
        : healthOf(heard[at] ?? { verdict: 'Unknown', generation: 0 });
    },
  };
  const roleCommandRunner = new RoleCommandRunner({
    clock,
    monitor,
    onEnd: () => {},
    send: (call) => {
      if ('hook' in call) throw new Error(`a hook was called: ${call.hook.path}`);
      const { member, epoch, ...details } = call.order;
      const sync = 'sync' in details ? details.sync : undefined;
      const leader = 'leader' in details ? details.leader.member : undefined;
      effects.orders.push({
        kind: call.kind,
        to: ordinalOf(member),
        epoch,
        ...(sync === undefined ? {} : { sync }),
        ...(leader === undefined ? {} : { leader: ordinalOf(leader) }),
      });
    },
  });
  const reconciler = new Reconciler({
    ...{ stores, monitor, roleCommandRunner, clock, log: silentLog, metrics: noMetrics },
    // The model's service has no experiments.
    steadyStateProber: { start: () => {} },
    settings: { ref: undefined, known: true, current: defaultSettings, problem: undefined },
    states: new ReconcileStates(),
    events: { record: () => {} },
    apiServerHealth: new ApiServerHealth(clock, () => {}),
    decide: mutant.decide ?? decide,
    operatorNode: undefined,
    unsafe: mutant.unsafe,
    agentImage: subject.agentImage,
    enqueue: () => {},
  });
  const steps = reconciler.reconcile(`${subject.namespace}/${subject.name}`);
  for (let next = steps.next(); next.done !== true;) {
    const answer = answerTo(next.value);
    if (answer === undefined) break;
    next = answer instanceof HAError ? steps.throw(answer) : steps.next(answer);
  }
  return effects;

  /** Undefined: a new status is on its way, and its answer comes later. */
  function answerTo(request: ApiRequest): KubeObject | HAError | undefined {
    switch (request.verb) {
      case 'get':
        if (request.type.kind !== kind) throw new Error(`nothing answers get ${request.type.kind}`);
        effects.known = landed;
        return serviceOf(landed);
      case 'replaceStatus': {
        const { status } = request.object as unknown as { status: Status };
        if (isSame(status, effects.known.status)) return request.object;
        effects.write = status;
        return undefined;
      }
      case 'create': {
        const { name = '' } = request.object.metadata ?? {};
        const metadata = { ...request.object.metadata, uid: name, resourceVersion: '1' };
        const object = { ...request.object, metadata };
        created.set(`${request.type.kind}/${name}`, object);
        return withSlice(object);
      }
      case 'apply': {
        const { plural } = request.type;
        const { name = '' } = request.object.metadata ?? {};
        const old =
          plural === 'pods' ? pods[ordinalOf(name)] : created.get(`EndpointSlice/${name}`);
        return withSlice(newer(changed(old ?? {}, request.object)));
      }
      case 'delete':
        // Pods stay: what becomes of a member that loses its pod is for the simulator.
        return new HAError('HA_ERR_API_STATUS', 'pods stay', { status: 403, reason: 'Forbidden' });
      default:
        throw new Error(`nothing answers ${request.verb}`);
    }
  }

  function withSlice(object: KubeObject): KubeObject {
    if (object.metadata?.name === writeSlice) {
      const { endpoints } = object as EndpointSlice;
      effects.slice = endpoints?.[0]?.targetRef?.uid ?? '';
    }
    return object;
  }
}

const view = { name: subject.name, topologyKey: spec.placement.zones.topologyKey, zone: undefined };
const writeSlice = sliceName(subject.name, false);
let versions = 1;
const newer = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(++versions) },
});

const serviceOf = ({ status, version, consistency }: Versioned) => ({
  ...{ apiVersion, kind, spec: specs[consistency], status },
  metadata: {
    ...{ name: subject.name, namespace: subject.namespace, uid: subject.uid, generation: 1 },
    resourceVersion: String(version),
    creationTimestamp: timestamp(subject.createdAtMs),
  },
});

/** The write Service's slice holds what the state says, the others what they were made with. */
function put(stores: Stores, object: KubeObject, slice: string): void {
  if (object.kind === 'Service') stores.services.put(object);
  else if (object.kind === 'PodDisruptionBudget') stores.budgets.put(object);
  else if (object.metadata?.name !== writeSlice) stores.slices.put(object as EndpointSlice);
  else {
    const at = ordinals.find((ordinal) => uidOf(ordinal) === slice);
    const member = at === undefined ? undefined : toMember(view, pods[at] ?? {}, nodes[at]);
    const [made] = desiredSlices(resource, 'write', member ? [member] : [], false);
    stores.slices.put({ ...object, endpoints: made?.endpoints } as EndpointSlice);
  }
}
