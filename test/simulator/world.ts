import type { Status } from '../../src/api/status.ts';
import type { Member } from '../../src/core/model/observed.ts';
import { templateHash } from '../../src/core/resources/pod.ts';
import { ordinalLabel, roleLabel } from '../../src/api/labels.ts';
import { agentConfig } from '../../src/core/resources/agent-pod.ts';
import { agentPort } from '../../src/core/model/capabilities.ts';
import { selectorLabels } from '../../src/core/model/naming.ts';
import type { Agent, AgentWorld } from './agent.ts';
import { ApiServer } from './api-server.ts';
import { Checker } from './checker.ts';
import { Kernel } from './kernel.ts';
import { Kubelets } from './kubelet.ts';
import { Network } from './network.ts';
import { Operator, type OperatorWorld, type Plants, t0 } from './operator.ts';
import { Reconcile } from './reconcile.ts';
import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import type { Habits } from './setups.ts';
import { settle } from './settle.ts';
import { emptyVolume } from './volume.ts';

export interface WorldOptions {
  seed: number;
  habits: Habits;
  plants?: Plants;
  traced?: boolean;
}

/** Everything in one run. */
export class World implements AgentWorld, OperatorWorld {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly api: ApiServer;
  readonly habits: Habits;
  readonly plants: Plants;
  readonly checker: Checker;
  readonly kubelets: Kubelets;
  operators: Operator[] = [];
  isHealed = false;
  decides = 0;
  #places = 0;

  constructor({ seed, habits, plants = {}, traced = false }: WorldOptions) {
    this.kernel = new Kernel(seed, traced);
    this.network = new Network(this.kernel);
    this.habits = { ...habits, ...plants.habits };
    this.plants = plants;
    this.checker = new Checker(
      this.kernel,
      habits,
      (uid) => this.find(uid)?.agent?.isAlive === true,
    );
    this.api = new ApiServer(this.kernel, habits.spec);
    this.api.onStatus = (before, after) =>
      this.checker.statusWritten(before, after, this.api.service);
    this.kubelets = new Kubelets(this, this.api);
    this.kubelets.onProcessEnd = (uid) => this.#reset(uid);
  }

  at(ip: string): Agent | undefined {
    return this.kubelets.at(ip);
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

  deletes(uid: string, reason: string, unheardMs: number): void {
    this.checker.deletes(uid, reason, unheardMs);
  }

  ordered(uid: string, order: AnyOrder): void {
    this.checker.ordered(uid, order);
  }

  decided(): void {
    this.decides++;
  }

  get operator(): Operator | undefined {
    return this.operators.find(({ isAlive }) => isAlive);
  }

  startOperator(): Operator {
    const place = `op${++this.#places}`;
    this.kernel.note(place, () => 'starts');
    this.api.operator = place;
    const operator = new Operator(this, place);
    const reconcile = new Reconcile(operator);
    this.operators = [...this.operators.filter(({ isAlive }) => isAlive), operator];
    reconcile.enqueue();
    return operator;
  }

  /**
   * Three members that have led and followed for long, as a status of an earlier run describes them.
   *
   * @param isPlain Their pods were made without an agent, before Strong was asked for.
   */
  settle(status: Status, isPlain = false): void {
    const { habits } = this;
    // The status tells of times that are over.
    this.kernel.nowMs = 600_000;
    const hash = isPlain ? 'plain' : templateHash(habits.spec);
    const leaseMs = agentConfig(habits.spec).leaseMs;
    const lease = leaseMs === undefined ? {} : { leaseMs };
    const made = isPlain ? {} : { agentPort: agentPort(habits.spec), ...lease };
    this.api.settle(status);
    this.checker.epoch = status.epoch ?? 0;
    this.checker.statusWritten(status, status, this.api.service);
    for (const ordinal of [0, 1, 2]) {
      const name = `web-${ordinal}`;
      const uid = status.members?.[ordinal]?.uid ?? `${name}.x`;
      const member: Member = {
        name,
        uid,
        ordinal,
        labels: {
          ...selectorLabels('web'),
          [ordinalLabel]: String(ordinal),
          [roleLabel]: uid === status.primaryUID ? 'primary' : 'standby',
        },
        ip: `10.1.0.${ordinal}`,
        node: `n${ordinal}`,
        zone: 'abc'[ordinal] ?? 'a',
        nodeReady: true,
        phase: 'Running',
        ready: true,
        createdAtMs: t0 - 600_000,
        templateHash: hash,
        ...made,
      };
      this.api.putPod(member);
      settle(this.kubelets.adopt(member, emptyVolume()), status);
    }
    if (status.primaryUID !== undefined) this.api.putSlice([status.primaryUID], undefined);
  }

  /** A process has ended, and its connections are reset, where that can still be heard. */
  #reset(uid: string): void {
    const place = this.find(uid)?.place ?? '';
    for (const operator of this.operators) {
      const ear = operator.ears.get(uid);
      if (ear === undefined || this.network.isCut(operator.place, place)) continue;
      this.network.send(place, operator.place, () => ear.reset());
    }
  }
}
