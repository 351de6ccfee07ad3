import { roleLabel } from '../../api/labels.ts';
import { specSchema } from '../../api/spec.ts';
import type { Status } from '../../api/status.ts';
import type { Action } from '../model/action.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model/decision.ts';
import type { Manifest } from '../model/manifest.ts';
import type { FailoverTimings } from '../model/failover-timings.ts';
import type { RoleCommandState, Member, Observed, Resource } from '../model/observed.ts';
import { makeObserved, makeResource, t0 } from './fixtures.ts';
import {
  type ModelPod,
  type Process,
  healthOf,
  schedule,
  templateOf,
  unjudged,
} from './model-pod.ts';

const zoneNames = ['a', 'b', 'c'];
const tickMs = 500;
const startMs = 1_000;
const graceMs = 2_000;
/** Passes without rest: it quarrels. */
const maxPasses = 30;

/** A cluster as far as decisions can tell: pods, their processes, zones, slices, and what the operator remembers. */
export class Model {
  nowMs = t0;
  resource: Resource;
  pods: ModelPod[] = [];
  readonly slices = new Map<string, string[]>();
  readonly lostZones = new Set<string>();
  /** Where the scheduler puts a pod that may go anywhere: always the first zone, or the emptiest. */
  scheduler: 'first' | 'spread' = 'spread';
  hooksFail = false;
  /** Called with each decision before it is carried out. */
  check: (decision: Decision, model: Model) => void = () => {};
  /** How many actions may still be done before the operator dies. */
  crashAfter = Infinity;
  statusWrites = 0;

  #roleCommands = new Map<string, RoleCommandState>();
  #timeline: FailoverTimings | undefined;
  /** UIDs that the operator's process has an opinion of. */
  readonly #judged = new Set<string>();
  #serial = 0;
  #dirty = true;
  #wakeAtMs = Infinity;

  constructor(spec: object = {}) {
    this.resource = makeResource(spec);
  }

  /** Something that the operator can see has changed. */
  touch(): void {
    this.#dirty = true;
  }

  set spec(change: object) {
    const spec = specSchema.parse({ ...this.resource.spec, ...change });
    this.resource = { ...this.resource, spec, generation: this.resource.generation + 1 };
    this.touch();
  }

  /** Somebody edits the status. */
  editStatus(status: Status): void {
    this.resource = { ...this.resource, status };
    this.touch();
  }

  become(pod: ModelPod | undefined, process: Process): void {
    if (pod === undefined || pod.process === process) return;
    if (process === 'up' && pod.process === 'crashed') pod.generation++;
    pod.process = process;
    pod.changedAtMs = this.nowMs;
    this.touch();
  }

  delete(pod: ModelPod | undefined, graceMilliseconds = graceMs): void {
    if (pod === undefined || pod.deletionAtMs !== undefined) return;
    pod.deletionAtMs = this.nowMs + graceMilliseconds;
    this.touch();
  }

  /** The operator's process ends, and another begins. */
  restartOperator(): void {
    this.#roleCommands.clear();
    this.#timeline = undefined;
    this.#judged.clear();
    this.#wakeAtMs = Infinity;
    this.touch();
  }

  /** Runs the operator if something has changed or its requeue time has come, then lets time pass. */
  tick(): void {
    if (this.#dirty || this.nowMs >= this.#wakeAtMs) this.#reconcile();
    this.nowMs += tickMs;
    this.#world();
  }

  /** Runs until nothing has happened for `quietMs`. False if not within an hour. */
  settle(quietMs = 150_000): boolean {
    let quietFrom = this.nowMs;
    for (const end = this.nowMs + 3_600_000; this.nowMs < end;) {
      const before = this.#fingerprint();
      this.tick();
      if (before !== this.#fingerprint()) quietFrom = this.nowMs;
      if (this.nowMs - quietFrom >= quietMs) return true;
    }
    return false;
  }

  observe(): Observed {
    const members = this.pods.map((pod): Member => {
      const { process: _process, changedAtMs: _at, generation: _generation, ...member } = pod;
      return {
        ...member,
        labels: { ...pod.labels },
        health: this.#isJudged(pod)
          ? healthOf(pod, this.lostZones.has(pod.zone))
          : unjudged(pod, this.nowMs - tickMs),
      };
    });
    const write = this.slices.get('web');
    return makeObserved(members, {
      zones: zoneNames
        .filter((name) => !this.lostZones.has(name))
        .map((name) => ({ name, nodes: 1 })),
      roleCommands: [...this.#roleCommands.values()],
      ...(this.#timeline === undefined ? {} : { timings: { ...this.#timeline } }),
      ...(write === undefined ? {} : { writeEndpoints: write }),
    });
  }

  readonly #isJudged = ({ uid }: ModelPod) => this.#judged.has(uid);

  #fingerprint(): string {
    const pods = this.pods.map(({ uid, process, deletionAtMs }) => [uid, process, deletionAtMs]);
    return JSON.stringify([pods, [...this.slices], this.resource.status]);
  }

  #reconcile(): void {
    this.#dirty = false;
    this.#wakeAtMs = Infinity;
    for (let pass = 0; pass < maxPasses; pass++) {
      const decision = decide(this.resource, this.observe(), this.nowMs);
      this.check(decision, this);
      if (decision.commit !== undefined) {
        this.#writeStatus(decision.commit.status);
        this.#timeline = { epoch: decision.commit.status.epoch ?? 0, committedAtMs: this.nowMs };
        if (this.#crashes()) return;
        continue;
      }
      if (this.#timeline !== undefined) this.#timeline.promotedAtMs ??= this.nowMs;
      let changed = false;
      for (const action of decision.actions) {
        const did = this.#act(action);
        changed ||= did;
        if (did && this.#crashes()) return;
      }
      if (changed) continue;
      if (JSON.stringify(decision.status) !== JSON.stringify(this.resource.status)) {
        this.#writeStatus(decision.status);
        if (this.#crashes()) return;
        this.#dirty = true;
      }
      this.#wakeAtMs = decision.requeueAtMs ?? Infinity;
      return;
    }
    throw new Error('the decision quarrels with itself');
  }

  #crashes(): boolean {
    if (--this.crashAfter > 0) return false;
    this.crashAfter = Infinity;
    this.restartOperator();
    return true;
  }

  #writeStatus(status: Status): void {
    this.statusWrites++;
    // As over the wire.
    this.resource = { ...this.resource, status: JSON.parse(JSON.stringify(status)) as Status };
  }

  #act(action: Action): boolean {
    switch (action.type) {
      case 'EnsureOwnedObject':
      case 'Repoint':
        return this.#ensure(action.manifest);
      case 'CreatePod':
        return this.#create(action.manifest);
      case 'DeletePod': {
        const pod = this.pods.find(({ uid }) => uid === action.removal.member.uid);
        this.delete(pod, (action.removal.gracePeriodSeconds ?? graceMs / 1_000) * 1_000);
        return true;
      }
      case 'LabelPod': {
        const pod = this.pods.find(({ uid }) => uid === action.member.uid);
        if (pod !== undefined) Object.assign(pod.labels, action.labels);
        return true;
      }
      case 'AnnotatePod':
      case 'AdoptPod':
      case 'MarkComplete':
      case 'GrowClaim':
      case 'LabelClaim':
      case 'OwnClaim':
      case 'MarkScaledAway':
      case 'GiveUpClaim':
      case 'DeleteForeignEndpoints':
      case 'InjectFault':
      case 'ProbeSteadyState':
        return false;
      case 'GiveRoleCommand': {
        const { member, action: kind, generation, epoch, failures, message } = action.command;
        const id = `${member.uid}/${kind}`;
        this.#roleCommands.set(id, {
          ...(failures > 0 ? this.#roleCommands.get(id) : {}),
          ...{ action: kind, uid: member.uid, state: 'Running', generation, epoch, failures },
          ...{ message, calledAtMs: this.nowMs, retryAtMs: 0 },
        });
        return true;
      }
    }
  }

  #ensure(manifest: Manifest): boolean {
    const service = manifest.metadata.labels?.['kubernetes.io/service-name'];
    if (service === undefined) return false;
    const endpoints = manifest['endpoints'] as { targetRef: { uid: string } }[];
    const uids = endpoints.map(({ targetRef }) => targetRef.uid);
    if (this.slices.get(service)?.join() === uids.join()) return false;
    this.slices.set(service, uids);
    const timings = this.#timeline;
    if (service === 'web' && timings !== undefined && timings.repointedAtMs === undefined) {
      timings.repointedAtMs = this.nowMs;
    }
    return true;
  }

  #create(manifest: Manifest): boolean {
    const { name, labels = {}, annotations = {} } = manifest.metadata;
    if (this.pods.some((pod) => pod.name === name)) return false;
    const { nodeSelector } = manifest['spec'] as { nodeSelector?: Record<string, string> };
    const pinned = nodeSelector?.['topology.kubernetes.io/zone'];
    const able = zoneNames.filter((name) => !this.lostZones.has(name));
    const zone = pinned ?? schedule(this.scheduler, able, this.pods);
    const ordinal = Number(name.split('-').at(-1));
    this.pods.push({
      name,
      uid: `uid-${this.#serial++}`,
      ordinal,
      labels: { ...labels },
      ip: `10.0.0.${this.#serial}`,
      zone,
      nodeReady: true,
      phase: 'Running',
      ready: true,
      createdAtMs: this.nowMs - (this.nowMs % 1_000),
      ...templateOf(annotations),
      ...(pinned === undefined ? {} : { pinnedTo: pinned }),
      process: 'starting',
      changedAtMs: this.nowMs,
      generation: 0,
    });
    return true;
  }

  #world(): void {
    this.#finishRoleCommands();
    for (const pod of this.pods) {
      const reachable = !this.lostZones.has(pod.zone);
      if (!this.#isJudged(pod) && pod.process !== 'starting') {
        this.#judged.add(pod.uid);
        this.touch();
      }
      const since = this.nowMs - pod.changedAtMs;
      if (pod.process === 'starting' && reachable && since >= startMs) this.become(pod, 'up');
      // The kubelet starts it again.
      if (pod.process === 'crashed' && reachable && since >= 2 * startMs) this.become(pod, 'up');
    }
    const left = this.pods.filter(
      ({ zone, deletionAtMs = Infinity }) => this.lostZones.has(zone) || this.nowMs < deletionAtMs,
    );
    if (left.length !== this.pods.length) this.touch();
    this.pods = left;
  }

  /** Hooks answer within a tick. */
  #finishRoleCommands(): void {
    for (const [id, hook] of this.#roleCommands) {
      if (hook.state !== 'Running') continue;
      const { failures, failsSinceMs = hook.calledAtMs } = hook;
      const failed = { failures: failures + 1, failsSinceMs, message: 'answered 500' };
      const settled: RoleCommandState = this.hooksFail
        ? { ...hook, ...failed, state: 'Failed', retryAtMs: this.nowMs + 2_000 }
        : { ...hook, state: 'Done', failures: 0, message: '' };
      this.#roleCommands.set(id, settled);
      this.touch();
    }
  }
}

/** Members by role label, for messages. */
export const rolesOf = (model: Model): string[] =>
  model.pods.map((pod) => `${pod.name} ${pod.labels[roleLabel]} ${pod.process} ${pod.zone}`);
