import { isDeepStrictEqual } from 'node:util';
import type { Order } from '../../src/api/member-protocol.ts';
import type { Status } from '../../src/api/status.ts';
import type { Action } from '../../src/core/action.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Manifest } from '../../src/core/manifest.ts';
import type { Resource } from '../../src/core/observed.ts';
import type { PodObject, ServiceObject, Written } from './api-server.ts';
import { giveOrder } from './give-order.ts';
import { type Operator, t0 } from './operator.ts';
import type { AnyOrder } from './rules.ts';

/** A question to the API server. It waits for the answer: undefined where none came in time. */
type Call<T> = () => T;
type Steps<T> = Generator<Call<unknown>, T, unknown>;

const maxPasses = 10;
const apiTimeoutMs = 3_000;
const confirmMs = 1_000;

class Unreachable extends Error {}

/** The loop round decide(), as src/controller/reconciler.ts has it, with the API server of the model. */
export class Reconcile {
  readonly #operator: Operator;
  #isDirty = false;
  #isRunning = false;
  #failures = 0;
  #cancelWake = () => {};

  constructor(operator: Operator) {
    this.#operator = operator;
    operator.onDirty = () => this.enqueue();
  }

  enqueue(): void {
    if (this.#isDirty || !this.#operator.isAlive) return;
    this.#isDirty = true;
    if (!this.#isRunning) this.#soon();
  }

  #soon(): void {
    const { kernel } = this.#operator.world;
    // The operator may have other things to do.
    const { random } = kernel;
    kernel.after(random.chance(0.02) ? random.between(10, 800) : random.between(0, 1), () => {
      if (!this.#operator.isAlive || this.#isRunning) return;
      this.#isRunning = true;
      this.#isDirty = false;
      this.#cancelWake();
      this.#drive(this.#reconcile());
    });
  }

  /** Runs to the next question to the API server, and goes on with its answer. */
  #drive(steps: Steps<boolean>, answer?: unknown): void {
    let next: IteratorResult<Call<unknown>, boolean>;
    try {
      next = answer instanceof Unreachable ? steps.throw(answer) : steps.next(answer);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#end(true);
      return;
    }
    if (next.done === true) this.#end(next.value);
    else this.#ask(next.value, (result) => this.#drive(steps, result));
  }

  #end(failed: boolean): void {
    this.#isRunning = false;
    this.#failures = failed ? this.#failures + 1 : 0;
    const { kernel } = this.#operator.world;
    if (failed) {
      const backoffMs = Math.min(5_000, 100 * 2 ** this.#failures) * kernel.random.between(0.5, 1);
      kernel.after(backoffMs, () => this.enqueue());
    }
    if (this.#isDirty) this.#soon();
  }

  #ask(call: Call<unknown>, then: (answer: unknown) => void): void {
    const operator = this.#operator;
    const { kernel, network } = operator.world;
    const timeoutMs = apiTimeoutMs;
    let isOver = false;
    const settle = (answer: unknown) => {
      if (isOver || !operator.isAlive) return;
      isOver = true;
      then(answer);
    };
    network.send(operator.place, 'api', () => {
      const result = call();
      network.send('api', operator.place, () => {
        if (isOver || !operator.isAlive) return;
        operator.heardApi();
        settle(result);
      });
    });
    kernel.after(timeoutMs, () => {
      if (isOver || !operator.isAlive) return;
      operator.lostApi();
      settle(new Unreachable('the API server does not answer'));
    });
  }

  /** @returns Whether something failed and is to be tried again. */
  *#reconcile(): Steps<boolean> {
    for (let pass = 0; pass < maxPasses; pass++) {
      const object = this.#operator.cache.service;
      if (object === undefined) return false;
      const again = yield* this.#pass(object);
      if (again !== 'again') return again === 'failed';
    }
    this.#operator.world.kernel.note(this.#operator.place, () => 'does not come to rest');
    return true;
  }

  *#pass(object: ServiceObject): Steps<'again' | 'failed' | 'done'> {
    const operator = this.#operator;
    const { memory, clock, world } = operator;
    const { epoch = 0, failovers = [] } = object.status;
    memory.epoch = Math.max(memory.epoch, epoch, ...failovers.map((record) => record.epoch));
    const status =
      memory.epoch === epoch ? object.status : { ...object.status, epoch: memory.epoch };
    const resource: Resource = { ...subject, spec: world.habits.spec, status };
    const observed = operator.observe(status);
    const known = new Set(observed.members.map(({ uid }) => uid));
    for (const [id, { uid }] of memory.hooks) if (!known.has(uid)) memory.hooks.delete(id);
    world.decided();
    const decision = (world.plants.decide ?? decide)(resource, observed, clock.wallNow());
    if (decision.commit !== undefined) return yield* this.#commit(object, resource, decision);
    this.#notePromotion(observed.hooks.some(isDonePromotion(memory.timeline?.epoch)));
    let changed = false;
    for (const action of decision.actions) {
      const did = yield* this.#act(action, status);
      changed ||= did;
      if (!operator.isAlive) return 'done';
    }
    if (changed) return 'again';
    if (!isDeepStrictEqual(decision.status, object.status)) {
      return (yield* this.#writeStatus(object, decision.status)) ? 'done' : 'again';
    }
    if (decision.requeueAtMs !== undefined) this.#wakeAt(decision.requeueAtMs);
    return 'done';
  }

  #wakeAt(atWallMs: number): void {
    this.#cancelWake();
    const { world, clock } = this.#operator;
    this.#cancelWake = world.kernel.after(Math.max(1, atWallMs - clock.wallNow()), () =>
      this.enqueue(),
    );
  }

  *#commit(object: ServiceObject, resource: Resource, decision: Decision): Steps<'again' | 'done'> {
    const { world, place, memory, clock } = this.#operator;
    const { status, commit } = decision;
    world.kernel.note(place, () => `would commit: ${commit?.why}`);
    if (world.plants.promotesEarly === true && status.primaryUID !== undefined) {
      const order = {
        member: status.primary ?? '',
        epoch: status.epoch ?? 0,
        reason: '',
        init: false,
      };
      const sync = status.syncSets?.at(-1);
      const given = { ...order, ...(sync === undefined ? {} : { sync }) };
      giveOrder(this.#operator, status.primaryUID, { kind: 'promote', order: given }, () => {});
    }
    if (commit?.confirmSilence === true && !(yield* this.#isConfirmed(object, resource))) {
      return 'again';
    }
    if (!(yield* this.#writeStatus(object, status))) return 'again';
    memory.timeline = { epoch: status.epoch ?? 0, committedAtMs: clock.wallNow() };
    return 'again';
  }

  /** Silence may be the operator's own: only who reaches the API server right now may judge it. */
  *#isConfirmed(object: ServiceObject, { status }: Resource): Steps<boolean> {
    const operator = this.#operator;
    const { api } = operator.world;
    const fresh = (yield () => api.service) as ServiceObject;
    operator.cache.putService(fresh);
    const verdict = operator.ears.get(status.primaryUID ?? '')?.verdict;
    return (
      fresh.version === object.version &&
      (verdict === 'Dead' || verdict === 'Unknown') &&
      !operator.isLost &&
      operator.lostAt < operator.clock.now() - confirmMs
    );
  }

  *#writeStatus(object: ServiceObject, status: Status): Steps<boolean> {
    const { api } = this.#operator.world;
    const { cache } = this.#operator;
    const written = (yield () => api.putStatus(status, object.version)) as Written<ServiceObject>;
    if (written.ok) cache.putService(written.object);
    if (!this.#operator.survives()) return true;
    if (written.ok) return true;
    cache.putService((yield () => api.service) as ServiceObject);
    return false;
  }

  /** @returns Whether it changed something. */
  *#act(action: Action, status: Status): Steps<boolean> {
    switch (action.type) {
      case 'EnsureChild':
        return yield* this.#ensure(action.manifest, status);
      case 'CallHook':
        return this.#give(action.call);
      case 'LabelPod': {
        const { uid, labels } = action.member;
        const changed = { labels: { ...labels, ...action.labels } };
        return yield* this.#pod((api) => api.changePod(uid, changed), action.member);
      }
      case 'CreatePod':
        return yield* this.#create(action.manifest);
      case 'DeletePod': {
        const { member, gracePeriodSeconds = 2 } = action.removal;
        const { kernel } = this.#operator.world;
        return yield* this.#pod(
          (api) => api.deletePod(member.uid, t0 + kernel.nowMs, gracePeriodSeconds * 1_000),
          member,
        );
      }
      case 'DeleteStray':
        return false;
    }
  }

  *#pod(
    write: (api: Operator['world']['api']) => Written<PodObject>,
    member: { name: string; uid: string },
  ): Steps<boolean> {
    const { world, cache } = this.#operator;
    const written = (yield () => write(world.api)) as Written<PodObject>;
    if (written.ok) cache.putPod(written.object);
    else cache.dropPod(member);
    this.#operator.survives();
    return true;
  }

  *#create({ metadata }: Manifest): Steps<boolean> {
    const { world, cache } = this.#operator;
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
    };
    const written = (yield () => {
      const created = world.api.createPod(member);
      return created.ok ? created.object : world.api.pods.get(name);
    }) as PodObject | undefined;
    if (written !== undefined) cache.putPod(written);
    this.#operator.survives();
    return true;
  }

  *#ensure(manifest: Manifest, { primaryUID }: Status): Steps<boolean> {
    if (manifest.metadata.labels?.['kubernetes.io/service-name'] !== subject.name) return false;
    const { world, cache, memory, clock } = this.#operator;
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
      this.#operator.survives();
      return true;
    }
    const fresh = (yield () => api.slice) as typeof slice;
    if (fresh !== undefined) cache.putSlice(fresh);
    return true;
  }

  #give(call: Extract<Action, { type: 'CallHook' }>['call']): boolean {
    const { action, member, epoch, reason, order } = call;
    const body = { member: member.name, uid: member.uid, epoch, reason, ...order };
    const given = { kind: action, order: body as Order } as AnyOrder;
    giveOrder(this.#operator, member.uid, given, () => this.enqueue(), call);
    this.#operator.survives();
    return true;
  }

  #notePromotion(isDone: boolean): void {
    const { timeline } = this.#operator.memory;
    if (timeline === undefined || timeline.promotedAtMs !== undefined) return;
    if (isDone) timeline.promotedAtMs = this.#operator.clock.wallNow();
  }
}

const isDonePromotion =
  (timeline: number | undefined) =>
  ({ action, state, epoch }: { action: string; state: string; epoch: number }) =>
    action === 'promote' && state === 'Done' && epoch === timeline;

/** All of the resource that does not change. */
const subject = {
  name: 'web',
  namespace: 'shop',
  uid: 'uid-web',
  generation: 1,
  createdAtMs: t0 - 3_600_000,
  deleting: false,
  agentImage: 'operator',
};
