import { highestEpoch } from '../../src/api/epoch.ts';
import { Lease } from '../../src/agent/lease.ts';
import { type AnyOrder, checkEpoch } from '../../src/agent/epoch-check.ts';
import type { MemberReport, Order, Rejection } from '../../src/protocol/member-protocol.ts';
import { ownClock } from './own-clock.ts';
import { cloneMs, orderMs, rewriteMs } from './agent-durations.ts';
import { reportOf } from './agent-report.ts';
import type { AgentPod, Answer } from './agent-types.ts';
import type { AgentWorld } from './agent-world.ts';
import { type Address, type FollowerHost, Following, type Leader } from './following.ts';
import { Leadership } from './leadership.ts';
import type { MemberBehaviour } from './setups.ts';
import { type Data, type Volume, beginTerm, forget, newData } from './volume.ts';

/** The agent and its program as one process: its orders, its reports, and its work between them. */
export class Agent implements FollowerHost, Leader {
  readonly pod: AgentPod;
  readonly volume: Volume;
  readonly world: AgentWorld;
  readonly lease: Lease;
  leadership: Leadership | undefined;
  following: Following | undefined;
  isAlive = true;
  isFrozen = false;
  /** Its program cannot be promoted. */
  cannotLead = false;
  /** Called once when the process has ended. */
  onEnd: () => void = () => {};
  #isStarting = true;
  /** Last epoch in which an earlier process led. */
  readonly #ledBefore: number;
  /** Raised when its work changes: earlier timers then do nothing. */
  #turn = 0;
  #waiting: (() => void)[] = [];
  #endOrder: (() => void) | undefined;

  constructor(world: AgentWorld, pod: AgentPod, volume: Volume) {
    this.world = world;
    this.pod = pod;
    this.volume = volume;
    const { behaviour } = world;
    this.#ledBefore = behaviour.replicates || behaviour.lease ? volume.ledEpoch : 0;
    this.lease = new Lease({
      clock: ownClock(world.kernel, (ms, run) => this.#after(ms, run)),
      run: `${world.kernel.random.below(1e9)}`,
      maxMs: pod.leaseMs,
      onOver: () => {
        world.leaseOver(this);
        this.exit('its lease is over');
      },
    });
    if (volume.onDisk !== undefined) volume.data = volume.onDisk;
    volume.onDisk = undefined;
    if (volume.data !== undefined && behaviour.forgetsPosition) forget(volume.data);
    this.#after(world.kernel.random.between(20, 800), () => (this.#isStarting = false));
  }

  get name(): string {
    return this.pod.name;
  }

  get place(): string {
    return this.pod.place;
  }

  get behaviour(): MemberBehaviour {
    return this.world.behaviour;
  }

  /** It has come up. */
  started(): void {
    this.#isStarting = false;
  }

  /** Something arrives. A frozen process receives it after the thaw, unless it was given up. */
  deliver(message: () => void): void {
    if (!this.isAlive) return;
    if (this.isFrozen) this.#waiting.push(message);
    else message();
  }

  freeze(): void {
    if (this.isAlive) this.isFrozen = true;
  }

  thaw(): void {
    if (!this.isAlive || !this.isFrozen) return;
    this.isFrozen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.lease.isOver();
    const { random } = this.world.kernel;
    while (waiting.length > 0) {
      const [message] = waiting.splice(random.below(waiting.length), 1);
      if (message !== undefined) this.deliver(message);
    }
  }

  exit(why: string): void {
    if (!this.isAlive) return;
    this.world.kernel.note(this.name, () => `${this.pod.uid} ends: ${why}`);
    this.#turnTo();
    this.isAlive = false;
    this.isFrozen = false;
    this.#waiting = [];
    this.onEnd();
  }

  get state(): MemberReport['state'] {
    const { data } = this.volume;
    if (this.#isStarting)
      return this.behaviour.replicates && data === undefined ? 'Empty' : 'Starting';
    if (this.leadership !== undefined) return 'Leading';
    if (this.following !== undefined) return this.following.cloning ? 'Cloning' : 'Following';
    return this.behaviour.replicates && data === undefined ? 'Empty' : 'Detached';
  }

  report(): MemberReport {
    return reportOf(this, this.lease.issue());
  }

  /** `answer` is called once the order is carried out, refused or superseded. */
  order(given: AnyOrder, grant: string | undefined, answer: (answer: Answer) => void): void {
    const { kernel, behaviour } = this.world;
    const refuse = (refusal: Rejection) => {
      kernel.note(
        this.name,
        () => `refuses ${given.kind} of epoch ${given.order.epoch}: ${refusal}`,
      );
      answer({ refusal, report: this.report() });
    };
    const { epoch, ledEpoch, leader, revision } = this.volume;
    const acknowledged = {
      ...{ epoch, ledEpoch },
      ...(leader === undefined ? {} : { leader }),
      ...(revision === undefined || behaviour.anyRevision === true ? {} : { revision }),
    };
    const self = {
      name: this.name,
      uid: this.pod.uid,
      isOwn: (nonce: string) => this.lease.isOwn(nonce),
      ledBefore: this.#ledBefore,
    };
    const isAbsurd = given.order.epoch > highestEpoch && behaviour.anyEpoch === true;
    const verdict = isAbsurd
      ? { acknowledged: { ...acknowledged, epoch: given.order.epoch } }
      : checkEpoch(acknowledged, self, given);
    if ('rejection' in verdict) return refuse(verdict.rejection);
    if (given.kind === 'promote' && behaviour.lease && !this.lease.isGood(grant))
      return refuse('Failed');
    Object.assign(this.volume, { leader: undefined, revision: undefined }, verdict.acknowledged);
    this.#endOrder?.();
    let isOver = false;
    this.#endOrder = () => {
      isOver = true;
      refuse('StaleEpoch');
    };
    const carryOut = () => {
      if (isOver) return;
      if (this.#isStarting) return this.#after(20, carryOut);
      this.#endOrder = undefined;
      const refusal = this.#obey(given, grant);
      if (refusal !== undefined) return refuse(refusal);
      kernel.note(this.name, () => `obeys ${given.kind} of epoch ${given.order.epoch}`);
      answer({ report: this.report() });
    };
    this.#after(orderMs(given.kind, this.world.kernel.random), carryOut);
  }

  /** A client writes. There is no answer if the member does not lead. */
  write(id: number): void {
    const { nowMs } = this.world.kernel;
    if (this.pod.agentPort === undefined) {
      this.world.acknowledged(this, id, nowMs);
      return;
    }
    if (this.leadership === undefined) return;
    if (this.behaviour.lease) {
      this.lease.isOver();
      if (this.isAlive) this.world.acknowledged(this, id, nowMs);
    } else {
      this.leadership.write(id, () => this.world.acknowledged(this, id, nowMs));
    }
  }

  /** Writes to disk, in the background, what came from the leader. */
  writeDown(before: Data | undefined): void {
    const { volume, behaviour } = this;
    if (!behaviour.forgetsPosition) return;
    volume.onDisk ??= before ?? newData('empty', 0);
    const copy = volume.data;
    this.#after(rewriteMs(this.world.kernel.random, this.world.copies.slowness), () => {
      // Of a copy that another one has replaced.
      if (volume.data !== copy) return;
      volume.onDisk = undefined;
      volume.isMarked = false;
    });
  }

  timer(ms: number, run: () => void): void {
    const turn = this.#turn;
    this.#after(ms, () => {
      if (turn === this.#turn) run();
    });
  }

  ask({ host, port }: Address, question: (leader: Leader) => void): void {
    const { network } = this.world;
    const target = this.world.at(host);
    // Nothing listens on another port.
    if (target?.pod.port !== port) return;
    const turn = this.#turn;
    network.send(this.place, target.place, () => {
      target.deliver(() => {
        network.send(target.place, this.place, () => {
          this.deliver(() => {
            if (turn === this.#turn) question(target);
          });
        });
      });
    });
  }

  toLeader(leader: Leader, message: () => void): boolean {
    return this.world.network.send(this.place, leader.place, () => leader.deliver(message));
  }

  fromLeader(leader: Leader, message: () => void): boolean {
    return this.world.network.send(leader.place, this.place, () => this.deliver(message));
  }

  cloneMs(): number {
    return cloneMs(this.world.kernel.random, this.world.copies.slowness);
  }

  makeRoom(): void {
    const { volume, behaviour, world } = this;
    if (!world.copies.isFull || behaviour.forgetsPosition || volume.data === undefined) return;
    volume.data = undefined;
    world.lostData();
  }

  isLogKept(): boolean {
    return this.world.isHealed || this.world.kernel.random.chance(0.8);
  }

  #obey(given: AnyOrder, grant: string | undefined): Rejection | undefined {
    switch (given.kind) {
      case 'promote':
        return this.#promote(given.order, grant);
      case 'follow':
        return this.#follow(given.order);
      case 'fence':
        this.#turnTo();
        this.lease.end();
        return undefined;
    }
  }

  #promote(order: Order<'promote'>, grant: string | undefined): Rejection | undefined {
    const { behaviour, volume } = this;
    const { epoch, sync, init } = order;
    if (this.cannotLead) return 'Failed';
    if (behaviour.lease && !this.lease.isGood(grant)) return 'Failed';
    if (behaviour.lease) this.lease.begin(grant);
    if (this.leadership?.epoch === epoch) {
      this.leadership.setSync(sync);
      return undefined;
    }
    if (this.leadership !== undefined && behaviour.forgetsPosition) {
      this.leadership.goOn(epoch);
      volume.ledEpoch = epoch;
      this.world.promoted(this);
      this.leadership.setSync(sync);
      return undefined;
    }
    if (behaviour.replicates && volume.data === undefined && !init) return 'Empty';
    if (volume.isMarked && volume.data?.isForgotten === true && order.acceptOld !== true) {
      return 'Failed';
    }
    if (volume.onDisk === undefined || behaviour.forgetsOldLog === true) volume.isMarked = false;
    const data = (volume.data ??= newData(`${this.pod.uid}/${epoch}`, 0));
    this.#turnTo();
    const isKept = beginTerm(data, epoch, behaviour);
    this.leadership = new Leadership(epoch, data, sync, behaviour, isKept);
    volume.ledEpoch = epoch;
    this.world.promoted(this);
    return undefined;
  }

  #follow(order: Order<'follow'>): undefined {
    const same = this.following?.order;
    if (same?.epoch === order.epoch && same.leader.host === order.leader.host)
      return this.following?.repeat(order);
    this.#turnTo();
    this.lease.end();
    this.volume.isMarked ||= this.behaviour.forgetsPosition;
    this.following = new Following(this, order);
    return undefined;
  }

  #turnTo(): void {
    this.#turn++;
    this.following?.end();
    this.following = undefined;
    this.leadership?.end();
    this.leadership = undefined;
  }

  #after(ms: number, run: () => void): void {
    this.world.kernel.after(ms, () => this.deliver(run));
  }
}
