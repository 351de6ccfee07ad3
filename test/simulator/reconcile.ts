import { isDeepStrictEqual } from 'node:util';
import type { Status } from '../../src/api/status.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/model/decision.ts';
import type { Resource } from '../../src/core/model/observed.ts';
import { type Call, type Steps, act } from './act.ts';
import type { ServiceObject, Written } from './api-server.ts';
import { giveOrder } from './give-order.ts';
import type { Operator } from './operator.ts';
import { subject } from './subject.ts';

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
    const { spec, generation } = object;
    const resource: Resource = { ...subject, spec, generation, status };
    if (memory.unsettled !== String(object.version)) memory.unsettled = undefined;
    const observed = operator.observe(status);
    const known = new Set(observed.members.map(({ uid }) => uid));
    for (const [id, { uid }] of memory.hooks) if (!known.has(uid)) memory.hooks.delete(id);
    world.decided();
    const decision = (world.plants.decide ?? decide)(resource, observed, clock.wallNow());
    if (decision.commit !== undefined) return yield* this.#commit(object, resource, decision);
    this.#notePromotion(observed.hooks.some(isDonePromotion(memory.timeline?.epoch)));
    let changed = false;
    for (const action of decision.actions) {
      const did = yield* act(operator, action, status, () => this.enqueue());
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
    memory.unsettled = String(object.version);
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
