import { durationMs } from '../../src/api/duration.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Status } from '../../src/api/status.ts';
import type { decide } from '../../src/core/decide.ts';
import type { DetectorConfig } from '../../src/heartbeat/detector.ts';
import { contactOf } from '../../src/core/model/capabilities.ts';
import type { HookState, Member, Observed, Timeline } from '../../src/core/model/observed.ts';
import { Grants } from '../../src/heartbeat/grants.ts';
import type { ApiServer } from './api-server.ts';
import { Cache } from './cache.ts';
import { Ear, type EarWorld } from './ear.ts';
import type { Habits } from './setups.ts';
import type { AnyOrder } from '../../src/agent/epoch-check.ts';

/** Ways to break the operator on purpose: a checker must be shown to find them. */
export interface Plants {
  unsafe?: Observed['unsafe'];
  /** Promotes before the compare-and-swap has landed. */
  promotesEarly?: boolean;
  /** What members do wrong. */
  habits?: Partial<Habits>;
  /** Every member is asked at the agent's port, whatever its pod was made with. */
  oneContact?: boolean;
  decide?: typeof decide;
}

export interface OperatorWorld extends EarWorld {
  readonly api: ApiServer;
  readonly habits: Habits;
  readonly plants: Plants;
  /** A pod is to be deleted that its operator has asked for so long without an answer; 0 where it has answered. */
  deletes(uid: string, reason: string, unheardMs: number): void;
  /** An order leaves the operator. */
  ordered(uid: string, order: AnyOrder): void;
  decided(): void;
}

/** What is lost with the process. */
export interface Memory {
  hooks: Map<string, HookState>;
  timeline: Timeline | undefined;
  epoch: number;
  unsettled: string | undefined;
}

/** The real time at which the model begins. */
export const t0 = Date.parse('2026-01-01T00:00:00Z');

/** One process of the operator: its cache, ears and memory, without what it does with them. See reconcile.ts. */
export class Operator {
  readonly world: OperatorWorld;
  readonly place: string;
  readonly cache: Cache;
  readonly memory: Memory = {
    hooks: new Map(),
    timeline: undefined,
    epoch: 0,
    unsettled: undefined,
  };
  readonly clock: Clock;
  readonly grants: Grants;
  readonly ears = new Map<string, Ear>();
  readonly #detector: DetectorConfig;
  isAlive = true;
  /** How wrong its wall clock is. */
  skewMs: number;
  /** How many writes and orders may still leave it before it dies. */
  crashAfter = Infinity;
  isLost = false;
  lostAt = -Infinity;
  connectedSinceMs: number | undefined;
  onDirty: () => void = () => {};
  #confirmedAt = -Infinity;
  #status: Status = {};

  constructor(world: OperatorWorld, place: string) {
    this.world = world;
    this.place = place;
    const { kernel, habits } = world;
    const rate = kernel.random.between(0.9995, 1.0005);
    this.skewMs = kernel.random.between(-500, 500);
    const now = () => kernel.nowMs * rate;
    this.clock = {
      now,
      wallNow: () => Math.floor(t0 + this.skewMs + now()),
      after: (ms, callback) => kernel.after(ms, callback),
    };
    this.grants = new Grants(this.clock, (withinMs) => now() - this.#confirmedAt <= withinMs);
    const { heartbeat } = habits.spec;
    this.#detector = {
      kind: heartbeat.detector,
      intervalMs: durationMs(heartbeat.interval),
      timeoutMs: durationMs(heartbeat.timeout),
      phiThreshold: heartbeat.phiThreshold,
      failureThreshold: heartbeat.failureThreshold,
    };
    this.cache = new Cache(kernel, world.network, world.api, place, () => this.onDirty());
    this.#holdLifeline();
  }

  die(why: string): void {
    if (!this.isAlive) return;
    this.world.kernel.note(this.place, () => `dies: ${why}`);
    this.isAlive = false;
    this.cache.close();
    for (const ear of this.ears.values()) ear.close();
  }

  /** It has done one more thing that others can see. False where that was its last. */
  survives(): boolean {
    if (--this.crashAfter <= 0) this.die('between two writes');
    return this.isAlive;
  }

  heardApi(): void {
    if (!this.isLost) return;
    this.isLost = false;
    this.connectedSinceMs = this.clock.wallNow();
    for (const ear of this.ears.values()) ear.forgive();
    this.onDirty();
  }

  lostApi(): void {
    this.isLost = true;
    this.lostAt = this.clock.now();
  }

  /** Whom to hear: everybody in the cache that has an address. */
  #hear(): void {
    const known = new Set<string>();
    for (const { member } of this.cache.pods.values()) {
      if (member.ip === undefined) continue;
      known.add(member.uid);
      if (this.ears.has(member.uid)) continue;
      const { uid } = member;
      const { clock, grants, place } = this;
      const protocol = () => this.#protocol();
      const onChange = () => this.onDirty();
      const isLed = this.world.plants.oneContact === true || this.#isLed(member);
      const options = {
        ...{ uid, place, clock, grants, protocol, onChange, isLed },
        detector: this.#detector,
      };
      this.ears.set(uid, new Ear(this.world, options));
    }
    for (const [uid, ear] of this.ears) {
      if (known.has(uid)) continue;
      ear.close();
      this.ears.delete(uid);
    }
  }

  /** @param status As it is decided on. */
  observe(status: Status): Observed {
    this.#status = status;
    this.#hear();
    const { cache, memory } = this;
    const { plants } = this.world;
    const members = [...cache.pods.values()]
      .map(({ member }) => {
        const health = this.ears.get(member.uid)?.health();
        return health === undefined ? member : { ...member, health };
      })
      .sort((a, b) => a.ordinal - b.ordinal);
    const { primaryUID } = status;
    const { lease } = this.#protocol();
    return {
      members,
      strangers: [],
      zones: ['a', 'b', 'c'].map((name) => ({ name, nodes: 1 })),
      services: {},
      failures: [],
      hooks: [...memory.hooks.values()],
      ...(memory.timeline === undefined ? {} : { timeline: { ...memory.timeline } }),
      ...(memory.unsettled === undefined ? {} : { unsettled: memory.unsettled }),
      ...(this.connectedSinceMs === undefined ? {} : { connectedSinceMs: this.connectedSinceMs }),
      ...(cache.slice === undefined ? {} : { writeEndpoints: [...cache.slice.uids] }),
      ...(lease === undefined || primaryUID === undefined
        ? {}
        : { leaseEndsInMs: this.grants.endsInMs(primaryUID, lease.ms) }),
      ...(plants.unsafe === undefined ? {} : { unsafe: plants.unsafe }),
      strayEndpoints: [],
      ipv6: false,
    };
  }

  #isLed(member: Member): boolean {
    return contactOf(this.world.api.service.spec, member).isLed;
  }

  #protocol() {
    const { epoch = 0, primaryUID, fencing } = this.#status;
    const { habits } = this.world;
    if (!habits.lease) return { epoch };
    const ms = durationMs(habits.spec.failover.leaseDuration);
    return { epoch, lease: { ms, holder: fencing === undefined ? primaryUID : undefined } };
  }

  /** Asks the API server every five seconds whether it is there, and whether this is still the operator. */
  #holdLifeline(): void {
    if (!this.isAlive) return;
    const { kernel, network, api } = this.world;
    const askedAt = this.clock.now();
    let answered = false;
    network.send(this.place, 'api', () => {
      const isOperator = api.operator === this.place;
      network.send('api', this.place, () => {
        if (!this.isAlive) return;
        answered = true;
        if (isOperator) this.#confirmedAt = askedAt;
        this.heardApi();
      });
    });
    kernel.after(3_000, () => {
      if (this.isAlive && !answered) this.lostApi();
    });
    kernel.after(5_000, () => this.#holdLifeline());
  }
}
