import { durationMs } from '../../src/api/duration.ts';
import { HAError, isHAError } from '../../src/api/errors.ts';
import type { Status } from '../../src/api/status.ts';
import type { SendRoleCommand } from '../../src/controller/act/send-role-command.ts';
import { ControlLoop } from '../../src/controller/control-loop.ts';
import { decide } from '../../src/core/decide.ts';
import type { Member, Resource } from '../../src/core/model/observed.ts';
import type { MonitorPorts } from '../../src/heartbeat/ports.ts';
import type { ApiRequest, Driver, Steps, StepsEnd } from '../../src/kube/api-request.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { ReconnectingProbe } from '../../src/member-client/reconnecting-probe.ts';
import { defaultAgentPort } from '../../src/protocol/member-protocol.ts';
import { answerOf } from './answer-of.ts';
import { type ApiServer, operatorPod } from './api-server.ts';
import { describeCommand, describeRequest, isWrite, withoutGuards } from './acts.ts';
import { ExperimentRequests } from './experiment-requests.ts';
import type { Experiments } from './experiments.ts';
import { grantsBySpec } from './grants.ts';
import { believeSpec } from './believe-spec.ts';
import type { Mutant } from './mutant.ts';
import { MemberConnection } from './probe-connection.ts';
import { subject } from './subject.ts';
import { type CommandWorld, sendCommand } from './send-command.ts';
import { noMetrics, traceLog } from './telemetry.ts';
import { t0 } from './time.ts';
import { type Past, Watches } from './watches.ts';

export interface OperatorWorld extends CommandWorld {
  readonly api: ApiServer;
  readonly mutant: Mutant;
  /** A pod is to be deleted that its operator has asked for so long without an answer; 0 if it has answered. */
  deletes(uid: string, reason: string, unheardMs: number, timeoutMs: number): void;
  /** A pod is to be replaced, as it is not made as its operator makes pods now. */
  replaces(resource: Resource, status: Status, member: Member): void;
  decided(): void;
  readonly experiments: Pick<Experiments, 'leaves' | 'arrived' | 'answered'>;
  /** An operator is about to die. */
  died(): void;
  /** An operator is about to write something, or to send a role command: if it dies now, nothing has left it. @returns Number of the act. */
  beforeAct(operator: Operator, what: () => string): number;
  /** The API server has done or refused that, and the operator does not know of it yet; or the role command has left it. */
  afterAct(operator: Operator, act: number): void;
}

/** As KubeClient's. */
const apiTimeoutMs = 10_000;

/** One process of the operator: the shipped control loop, on the model's clock, network and API server. */
export class Operator {
  readonly world: OperatorWorld;
  readonly place: string;
  readonly watches: Watches;
  isAlive = true;
  /** How wrong its wall clock is. */
  skewMs: number;
  /** The number of writes whose success it has been told, and of orders that it has sent, after which it dies. */
  crashAfter = Infinity;
  readonly #requests: ExperimentRequests;
  readonly #loop: ControlLoop;
  readonly #stop = new AbortController();

  constructor(world: OperatorWorld, place: string, past?: Past) {
    this.world = world;
    this.place = place;
    this.#requests = new ExperimentRequests(place, () => kernel.nowMs);
    const { kernel, network, api, mutant } = world;
    const { random } = kernel;
    const rate = random.between(0.9995, 1.0005);
    this.skewMs = random.between(-500, 500);
    const now = () => kernel.nowMs * rate;
    const clock: Clock = {
      now,
      wallNow: () => Math.floor(t0 + this.skewMs + now()),
      after: (ms, callback) =>
        kernel.after(ms / rate, () => {
          if (this.isAlive) callback();
        }),
    };
    this.#loop = new ControlLoop({
      drive: this.#drive,
      sendRoleCommand: this.#sendRoleCommand,
      askSteadyState: (_request, _signal, done) => kernel.after(1, () => done(undefined)),
      events: { record() {} },
      clock,
      random: () => random.between(0, 1),
      log: traceLog(kernel, place),
      metrics: noMetrics,
      heartbeatPorts: this.#heartbeatPorts(),
      decide: this.#recorded(mutant.decideOf?.() ?? mutant.decide ?? decide),
      namespace: operatorPod.namespace,
      nodeName: undefined,
      unsafe: mutant.unsafe,
      self: { ...operatorPod, uid: place },
      agentImage: subject.agentImage,
    });
    if (mutant.believesSpec === true) believeSpec(this.#loop.stores, () => api.service.spec);
    this.watches = new Watches({
      kernel,
      network,
      api,
      place,
      stores: this.#loop.stores,
      past,
      keepsUnlisted: mutant.keepsUnlisted === true,
      onSynced: () => void this.#loop.run(this.#stop.signal),
    });
    this.#loop.watchApiServerHealth(this.#stop.signal);
  }

  die(why: string): void {
    if (!this.isAlive) return;
    this.world.kernel.note(this.place, () => `dies: ${why}`);
    this.world.died();
    this.isAlive = false;
    this.watches.close();
    this.#stop.abort();
    this.#loop.close();
  }

  /** It has done one more thing that others can see. */
  #acted(): void {
    if (--this.crashAfter <= 0) this.die('between two writes');
  }

  /** The world is told of each decision. */
  readonly #recorded =
    (made: typeof decide): typeof decide =>
    (resource, observed, nowMs) => {
      const { world } = this;
      world.decided();
      const decision = made(resource, observed, nowMs);
      this.#requests.decided(decision);
      // A stop takes all pods, as far as this operator knows of one.
      if (resource.spec.replicas === 0) return decision;
      for (const action of decision.actions) {
        if (action.type !== 'DeletePod') continue;
        const { member, reason } = action.removal;
        if (reason === 'Outdated') world.replaces(resource, decision.status, member);
        const { health } = member;
        const isUnheard = health?.verdict === 'Unknown';
        const unheardMs = isUnheard ? Math.max(1, nowMs - health.sinceWallMs) : 0;
        const timeoutMs = durationMs(resource.spec.heartbeat.timeout);
        world.deletes(member.uid, reason, unheardMs, timeoutMs);
      }
      return decision;
    };

  #heartbeatPorts(): MonitorPorts {
    const { world, place } = this;
    return {
      createProbe: (target, clock, onEvent) => {
        const port = world.mutant.oneContact === true ? defaultAgentPort : target.port;
        const given = { ...target, port };
        const asked = world.mutant.grantsBySpec === true ? grantsBySpec(given, world.api) : given;
        return new ReconnectingProbe(
          (events) => new MemberConnection(world, place, asked, clock, events),
          clock,
          onEvent,
        );
      },
      // In the model what has arrived has been read.
      afterPendingIo: (callback) => callback(),
      createStallMeter: (clock) => ({ attentiveNow: () => clock.now(), close: () => {} }),
    };
  }

  readonly #drive: Driver = (steps, signal, done) => {
    const { kernel } = this.world;
    const { random } = kernel;
    // The operator may have other things to do.
    const ms = random.chance(0.02) ? random.between(10, 800) : random.between(0, 1);
    kernel.after(ms, () => this.#go(steps, () => steps.next(), signal, done));
  };

  /** Runs to the next request to the API server, and goes on with its answer. */
  #go<T>(
    steps: Steps<T>,
    resume: () => IteratorResult<ApiRequest, T>,
    signal: AbortSignal,
    done: (end: StepsEnd<T>) => void,
  ): void {
    if (!this.isAlive) return;
    let next: IteratorResult<ApiRequest, T>;
    try {
      next = resume();
    } catch (error) {
      if (!isHAError(error)) throw error;
      if (this.isAlive) done({ error });
      return;
    }
    // It may have died on the way, by sending an order: then nothing more leaves it.
    if (!this.isAlive) return;
    if (next.done === true) return done({ value: next.value });
    this.#ask(next.value, signal, (end) => {
      const go = 'error' in end ? () => steps.throw(end.error) : () => steps.next(end.value);
      this.#go(steps, go, signal, done);
    });
  }

  #ask(request: ApiRequest, signal: AbortSignal, then: (end: StepsEnd<unknown>) => void): void {
    const { kernel, network, api, experiments, mutant } = this.world;
    const act = isWrite(request)
      ? this.world.beforeAct(this, () => describeRequest(request))
      : undefined;
    if (!this.isAlive) return;
    const kill = this.#requests.killOf(request);
    if (kill !== undefined) experiments.leaves(kill);
    let isOver = false;
    const settle = (end: StepsEnd<unknown>) => {
      if (isOver || !this.isAlive) return;
      isOver = true;
      cancel();
      signal.removeEventListener('abort', giveUp);
      then(end);
    };
    const giveUp = () => settle({ error: signal.reason });
    const timeoutMs = ('timeoutMs' in request ? request.timeoutMs : undefined) ?? apiTimeoutMs;
    const cancel = kernel.after(timeoutMs, () =>
      settle({ error: new HAError('HA_ERR_API_TIMEOUT', request.verb) }),
    );
    signal.addEventListener('abort', giveUp);
    network.send(this.place, 'api', () => {
      const pod = kill === undefined ? undefined : api.podOf(kill.uid);
      const end = answerOf(api, mutant.isUnguarded === true ? withoutGuards(request) : request);
      if (act !== undefined) this.world.afterAct(this, act);
      if (kill !== undefined) {
        const wasLive = pod !== undefined && pod.metadata?.deletionTimestamp === undefined;
        experiments.arrived(kill, !('error' in end), wasLive);
      }
      network.send('api', this.place, () => {
        if (act !== undefined && !('error' in end)) this.#acted();
        if (kill !== undefined && this.isAlive && !isOver) experiments.answered(kill);
        if ('value' in end) this.#requests.answered(request, end.value);
        settle(end);
      });
    });
  }

  readonly #sendRoleCommand: SendRoleCommand = (call, signal, done) => {
    if (!this.isAlive) return;
    const act = this.world.beforeAct(this, () => describeCommand(call));
    if (!this.isAlive) return;
    sendCommand(this.world, this, call, signal, done);
    this.world.afterAct(this, act);
    this.#acted();
  };
}
