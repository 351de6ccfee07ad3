import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import type { HookKind } from '../../src/api/engine-spec.ts';
import type { Status } from '../../src/api/status.ts';
import type { Member, Resource } from '../../src/core/model/observed.ts';
import type { EndpointSlice } from '../../src/kube/api-types.ts';
import { madeAs } from './agent-types.ts';
import type { Agent } from './agent.ts';
import type { AgentWorld, Copies } from './agent-world.ts';
import { ApiServer, type Snapshot } from './api-server.ts';
import { Checker } from './checker.ts';
import { ExperimentCounts } from './experiment-counts.ts';
import { Experiments } from './experiments.ts';
import { collectGivenUp } from './given-up.ts';
import { watchMoves } from './moves.ts';
import { Kernel } from './kernel.ts';
import { type Container, Kubelets } from './kubelet.ts';
import { forbiddenElection } from './never-primary.ts';
import { Network } from './network.ts';
import type { Mutant } from './mutant.ts';
import { Operator, type OperatorWorld } from './operator.ts';
import type { ProbeTarget } from '../../src/member-client/probe.ts';
import type { MemberConnection } from './probe-connection.ts';
import { Random } from './random.ts';
import { whyNotOutdated, whyPrimaryFirst } from './replacements.ts';
import { settle } from './settle.ts';
import type { MemberBehaviour, Wish } from './setups.ts';
import { withoutAgent } from './plain-pod.ts';
import { t0 } from './time.ts';
import type { Past } from './watches.ts';
import { emptyVolume } from './volume.ts';

/** So long after a disturbance heartbeats may still be late: virtual milliseconds. */
const settleMs = 5_000;

export interface WorldOptions {
  seed: number;
  behaviour: MemberBehaviour;
  mutant?: Mutant;
  traced?: boolean;
}

/** Everything in one run. */
export class World implements AgentWorld, OperatorWorld {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly api: ApiServer;
  readonly behaviour: MemberBehaviour;
  readonly mutant: Mutant;
  readonly checker: Checker;
  readonly kubelets: Kubelets;
  readonly connections = new Set<MemberConnection>();
  /** What users of chaos do depends on this row alone. */
  readonly chaosRandom: Random;
  readonly experiments: Experiments;
  readonly experimentCounts: ExperimentCounts;
  /** When the last fault has begun or ended, or will end. Virtual milliseconds. */
  faultMs = -Infinity;
  /** When something was last changed that may hold up heartbeats: a network, a machine or an operator. */
  #disturbedMs = -Infinity;
  operators: Operator[] = [];
  /** What the user wishes now. */
  wished: Wish;
  readonly copies: Copies = { slowness: 1, isFull: false };
  isHealed = false;
  decides = 0;
  /** What happens right before and right after each act of an operator. */
  beforeAct: OperatorWorld['beforeAct'] = () => 0;
  afterAct: OperatorWorld['afterAct'] = () => {};
  #places = 0;
  /** The last epoch in which an operator has called a hook of a pod. */
  readonly #hooked = new Map<string, number>();

  constructor({ seed, behaviour, mutant = {}, traced = false }: WorldOptions) {
    this.kernel = new Kernel(seed, traced);
    this.chaosRandom = chaosRandomOf(seed);
    this.experiments = new Experiments(this);
    this.experimentCounts = new ExperimentCounts(this);
    this.network = new Network(this.kernel);
    this.behaviour = { ...behaviour, ...mutant.behaviour };
    this.wished = behaviour.wish;
    this.mutant = mutant;
    this.checker = new Checker(
      this.kernel,
      behaviour,
      (uid) => this.find(uid)?.agent?.isAlive === true,
    );
    this.api = new ApiServer(this.kernel, behaviour.spec);
    this.api.onStatus = (before, after) => {
      this.checker.statusWritten(before, after, this.api.service);
      const forbidden = forbiddenElection(this, before, after);
      if (forbidden !== undefined) this.checker.fail(forbidden);
      const early = whyPrimaryFirst(before, after, this.api.pods);
      if (early !== undefined) this.checker.fail(early);
      for (const record of this.experiments.statusWritten(before, after)) {
        this.experimentCounts.ended(record);
      }
    };
    this.kubelets = new Kubelets(this, this.api);
    this.api.watchers.add(({ kind, object, isGone }) => {
      if (kind === 'endpointslices' && !isGone) this.#checkPorts(object as EndpointSlice);
    });
    collectGivenUp(this);
    watchMoves(this.api, this.checker);
    this.kubelets.onDestroyed = (held) => this.checker.destroyed(held);
    this.kubelets.onProcessEnd = (process) => {
      // Its connections are reset, if that can still be heard.
      for (const connection of this.connections) connection.reset(process);
    };
  }

  at(ip: string): Agent | undefined {
    return this.kubelets.at(ip);
  }

  containerAt(ip: string) {
    return this.kubelets.containerAt(ip);
  }

  lostData(): void {
    this.kubelets.lossMs = this.kernel.nowMs;
  }

  find(uid: string) {
    return this.kubelets.containers.get(uid);
  }

  promoted(agent: Agent): void {
    this.checker.promoted(agent);
  }

  acknowledged(agent: Agent, id: number, takenMs: number): void {
    this.checker.acknowledgedBy(agent, id, takenMs);
  }

  disturb(): void {
    this.#disturbedMs = this.kernel.nowMs;
  }

  /** A primary whose pod is there, and that an operator can reach all the time, keeps its lease, whatever a user edits. */
  leaseOver({ pod, volume, isFrozen }: Agent): void {
    const { kernel, api, network, checker } = this;
    const { status } = api.service;
    const made = api.podOf(pod.uid)?.metadata;
    const isLive = made !== undefined && made.deletionTimestamp === undefined;
    const isPrimary = api.deleted === undefined && status.primaryUID === pod.uid;
    const isLed = isPrimary && status.fencing === undefined && status.epoch === volume.epoch;
    const calmMs = kernel.nowMs - this.#disturbedMs;
    if (!isLive || !isLed || isFrozen || !network.isWell || this.operator === undefined) return;
    if (calmMs < pod.leaseMs + settleMs) return;
    checker.fail(`the lease of ${pod.uid} ends, and an operator has reached it all the time`);
  }

  deletes(uid: string, reason: string, unheardMs: number, timeoutMs: number): void {
    this.checker.deletes(uid, reason, unheardMs, timeoutMs);
  }

  replaces(resource: Resource, status: Status, member: Member): void {
    const why = whyNotOutdated(resource, status, member, this.api.podOf(member.uid));
    if (why !== undefined) this.checker.fail(why);
  }

  ordered(uid: string, order: AnyOrder): void {
    this.checker.ordered(uid, order);
  }

  /** One operator gives a program its roles in epochs that do not fall, and none before its epoch has landed. */
  hooked(place: string, uid: string, kind: HookKind, epoch: number): void {
    const key = `${place} ${uid}`;
    const last = this.#hooked.get(key) ?? 0;
    if (epoch < last)
      this.checker.fail(`${kind} of ${uid} is called in epoch ${epoch} after ${last}`);
    this.#hooked.set(key, epoch);
    this.checker.ordered(uid, { kind, order: { epoch } });
  }

  decided(): void {
    this.decides++;
  }

  died(): void {
    this.disturb();
    this.experimentCounts.died();
  }

  /** A member is served where its process listens, from its beginning to its end, whatever the spec says meanwhile. */
  #checkPorts({ metadata, endpoints, ports }: EndpointSlice): void {
    for (const { targetRef } of endpoints ?? []) {
      const container = this.find(targetRef?.uid ?? '');
      const port = ports?.[0]?.port;
      if (container === undefined || port === container.port) continue;
      this.checker.fail(
        `slice ${metadata?.name} leads to ${container.uid} on port ${port}, which listens on ${container.port}`,
      );
    }
  }

  /** A member is asked as its pod was made, whatever the spec says meanwhile. */
  asked({ uid, port, agentPort, answer }: Container, target: ProbeTarget): void {
    if (this.mutant.oneContact === true) return;
    const { protocol, engine } = target;
    const isReport = protocol !== undefined;
    const isRight = isReport
      ? target.port === agentPort
      : agentPort === undefined && target.port === port && engine.tcp?.expect === answer;
    if (isRight) return;
    const what = isReport ? 'its report' : `"${engine.tcp?.expect}"`;
    this.checker.fail(
      `${uid} is asked for ${what} on port ${target.port}, and was made to answer "${answer}" on ${port}, with ${agentPort ?? 'no agent'}`,
    );
  }

  /** A time in a status as virtual time. */
  virtualMs(time: string): number {
    return Date.parse(time) - t0;
  }

  get operator(): Operator | undefined {
    return this.operators.find(({ isAlive }) => isAlive);
  }

  /** @param past What its first lists show of some kinds, and for how long. */
  startOperator(past?: Past): Operator {
    const place = `op${++this.#places}`;
    this.kernel.note(place, () => 'starts');
    this.disturb();
    this.api.operator = place;
    const operator = new Operator(this, place, past);
    this.operators = [...this.operators.filter(({ isAlive }) => isAlive), operator];
    return operator;
  }

  /**
   * Members that have led and followed for long, as an earlier run has left them.
   *
   * @param isPlain Their pods were made without an agent, before Strong was asked for.
   */
  settle(snapshot: Snapshot, isPlain = false): void {
    // The status tells of times that are over.
    this.kernel.nowMs = 600_000;
    this.api.restore(snapshot);
    const { status } = this.api.service;
    this.checker.epoch = status.epoch ?? 0;
    this.checker.statusWritten(status, status, this.api.service);
    const primary = this.api.podOf(status.primaryUID ?? '');
    const leaderAt = {
      host: primary?.status?.podIP ?? '',
      port: primary === undefined ? 0 : madeAs(primary).port,
    };
    for (const { metadata } of this.api.pods) {
      if (isPlain) this.api.changePod(metadata?.uid ?? '', withoutAgent);
      const pod = this.api.podOf(metadata?.uid ?? '');
      if (pod !== undefined) settle(this.kubelets.adopt(pod, emptyVolume()), status, leaderAt);
    }
    // Its user asks for experiments from now on.
    if (this.behaviour.spec.chaos !== undefined) this.api.putSpec(this.behaviour.spec);
  }
}

/** A row that has nothing in common with the other one of this seed. */
export const chaosRandomOf = (seed: number): Random => new Random(~seed);
