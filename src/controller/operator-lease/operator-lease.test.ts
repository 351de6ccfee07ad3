import { beforeEach, describe, expect, it } from 'vitest';
import { HAError } from '../../api/errors.ts';
import type { Earlier } from '../../heartbeat/grants.ts';
import type { ApiRequest, Driver, Steps, StepsEnd } from '../../kube/api-request.ts';
import type { Lease } from '../../kube/api-types.ts';
import { Store } from '../../kube/store.ts';
import { FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { changed } from '../testing/merge-patch.ts';
import { holderOf } from './lease-record.ts';
import { OperatorLease } from './operator-lease.ts';

/** How long the API server takes for an answer. Milliseconds. */
const answerMs = 20;
const status = (code: number, reason: string) =>
  new HAError('HA_ERR_API_STATUS', reason, { status: code, reason });

let clock: FakeClock;
let lease: Lease | undefined;
let version: number;
let asked = 0;
/** Who gets no answer from the API server now, and whose watch is silent. */
let cut: Set<string>;
let deaf: Set<string>;
/** Whose requests are done, and who gets no answer. */
let unanswered: Set<string>;
let operators: Process[];

function answer(request: ApiRequest): unknown {
  asked++;
  switch (request.verb) {
    case 'get':
      if (lease === undefined) throw status(404, 'NotFound');
      return lease;
    case 'create':
      if (lease !== undefined) throw status(409, 'AlreadyExists');
      return put(request.object);
    case 'mergePatch': {
      if (lease === undefined) throw status(404, 'NotFound');
      const patch = request.patch as Lease;
      const { resourceVersion, ...metadata } = patch.metadata ?? {};
      if (resourceVersion !== lease.metadata?.resourceVersion) throw status(409, 'Conflict');
      return put(changed(lease, { ...patch, metadata }));
    }
    default:
      throw new Error(request.verb);
  }
}

function put(object: Lease | undefined): Lease | undefined {
  lease = object && {
    ...object,
    metadata: { ...object.metadata, resourceVersion: `${++version}` },
  };
  for (const each of operators) each.sees();
  return lease;
}

/** One process, as the Lease knows it. */
class Process {
  readonly name: string;
  readonly store = new Store<Lease>();
  readonly health = new ApiServerHealth(clock, () => {});
  readonly lease: OperatorLease;
  earlier: Earlier | undefined;
  isLost = false;
  isFrozen = false;
  end = () => {};

  constructor(name: string, instance = name) {
    this.name = name;
    this.sees();
    this.lease = new OperatorLease({
      ...{ clock, log: silentLog, namespace: 'system', instance, nonce: name },
      ...{ address: `${name}:80`, store: this.store, apiServerHealth: this.health },
      drive: this.#drive,
      watchEnd: (_address, onEnd) => {
        this.end = onEnd;
        return () => {
          this.end = () => {};
        };
      },
      onTaken: (earlier) => (this.earlier = earlier),
      onConfirmed: () => {},
      onAlert: () => {},
      onLost: () => (this.isLost = true),
    });
    operators.push(this);
    this.lease.start();
  }

  get acts(): boolean {
    return this.lease.isActive;
  }

  sees(): void {
    if (deaf.has(this.name)) return;
    if (lease === undefined) for (const each of this.store.list()) this.store.remove(each);
    else this.store.put(lease);
  }

  readonly #drive: Driver = <T>(
    steps: Steps<T>,
    signal: AbortSignal,
    done: (end: StepsEnd<T>) => void,
  ) => {
    const go = (resume: () => IteratorResult<ApiRequest, T>) => {
      let next;
      try {
        next = resume();
      } catch (error) {
        return done({ error });
      }
      if (next.done === true) return done({ value: next.value });
      const request = next.value;
      clock.after(answerMs, () => {
        if (this.isFrozen) return;
        let end: () => IteratorResult<ApiRequest, T>;
        try {
          if (signal.aborted) throw new Error('aborted');
          if (cut.has(this.name)) throw new HAError('HA_ERR_API_TIMEOUT', request.verb);
          const value = answer(request);
          if (unanswered.has(this.name)) throw new HAError('HA_ERR_API_TIMEOUT', request.verb);
          end = () => steps.next(value);
        } catch (error) {
          end = () => steps.throw(error);
        }
        go(end);
      });
    };
    clock.after(0, () => go(() => steps.next()));
  };
}

/** Lets time pass; at no time may two of them write. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    const writers = operators.filter(({ lease: held }) => held.mayWrite());
    expect(writers.map(({ name }) => name).length).toBeLessThanOrEqual(1);
  }
}

/** Milliseconds until that is so, up to ten seconds. */
function until(isSo: () => boolean): number {
  let ms = 0;
  for (; !isSo() && ms < 10_000; ms += 10) pass(10);
  return ms;
}

beforeEach(() => {
  clock = new FakeClock();
  [lease, version, operators] = [undefined, 0, []];
  [cut, deaf, unanswered] = [new Set(), new Set(), new Set()];
});

describe('of three operators', () => {
  let a: Process;
  let b: Process;
  let c: Process;

  beforeEach(() => {
    a = new Process('a');
    pass(200);
    b = new Process('b');
    c = new Process('c');
    pass(10_000);
  });

  it('one acts, which renews its Lease; the first one waits for an operator that knows no Lease', () => {
    expect(operators.map(({ acts }) => acts)).toEqual([true, false, false]);
    expect(lease?.spec).toMatchObject({
      holderIdentity: 'a_a',
      leaseDurationSeconds: 2,
      leaseTransitions: 0,
    });
    expect(lease?.spec?.renewTime).toMatch(/^....-..-..T..:..:..\.......Z$/);
    expect(a.earlier).toMatchObject({ isHandedOver: false });
    expect(a.earlier?.until).toBeGreaterThanOrEqual(30_000);
    expect(clock.now() - Date.parse(lease?.spec?.renewTime ?? '')).not.toBeNaN();
  });

  it('another acts about two seconds after the active one was cut off, and the former one ends when it is not', () => {
    cut.add('a');
    const lastSeen = clock.now();
    const ms = until(() => b.acts || c.acts);
    expect(ms).toBeGreaterThan(1_400);
    expect(ms).toBeLessThan(2_300);
    expect(a.lease.mayWrite()).toBe(false);
    const { earlier } = b.acts ? b : c;
    expect(earlier?.until).toBeLessThanOrEqual(lastSeen);
    expect(earlier?.isHandedOver).toBe(false);
    cut.clear();
    pass(1_000);
    expect([a.isLost, a.acts]).toEqual([true, false]);
    pass(10_000);
    expect([b.acts, c.acts].filter(Boolean)).toHaveLength(1);
  });

  it('the same if one of its renewals was done, and got no answer, before it was cut off', () => {
    const before = version;
    unanswered.add('a');
    until(() => version > before);
    unanswered.clear();
    // It finds out that the Lease is still its own; the standbys see nothing of that.
    pass(650);
    expect(a.lease.mayWrite()).toBe(true);
    cut.add('a');
    until(() => b.acts || c.acts);
    expect(a.lease.mayWrite()).toBe(false);
  });

  it('the same if it was frozen: when it goes on, it may not write', () => {
    a.isFrozen = true;
    until(() => b.acts || c.acts);
    expect(a.lease.isActive).toBe(true);
    expect(a.lease.mayWrite()).toBe(false);
  });

  it('another acts at once if the active one hands over, or if nothing listens at its port', () => {
    const release = a.lease.close();
    expect([a.acts, release === undefined]).toEqual([false, false]);
    const steps = release?.();
    const request = steps?.next().value as ApiRequest;
    answer(request);
    expect(until(() => b.acts || c.acts)).toBeLessThan(200);
    const [active, standby] = b.acts ? [b, c] : [c, b];
    expect(active.earlier).toMatchObject({ isHandedOver: true });
    expect(active.earlier?.othersUntil).toBeLessThan(active.earlier?.until ?? 0);
    pass(5_000);
    active.lease.close();
    standby.end();
    expect(until(() => standby.acts)).toBeLessThan(200);
    expect(standby.earlier).toMatchObject({ isHandedOver: false });
  });

  it('another acts at once also if a renewal was on its way when the active one handed over', () => {
    const before = version;
    until(() => version > before);
    const release = a.lease.close();
    put(lease);
    const steps = release?.() ?? (function* () {})();
    for (let next = steps.next(); next.done !== true;) {
      try {
        next = steps.next(answer(next.value));
      } catch (error) {
        next = steps.throw(error);
      }
    }
    expect(until(() => b.acts || c.acts)).toBeLessThan(200);
    expect((b.acts ? b : c).earlier).toMatchObject({ isHandedOver: true });
  });

  it('none acts in place of one that is well, however late a watch is, and whatever somebody does to the Lease', () => {
    deaf.add('b');
    pass(10_000);
    deaf.clear();
    put(lease && { ...lease, metadata: { ...lease.metadata, labels: { mine: 'yes' } } });
    pass(3_000);
    put(undefined);
    pass(3_000);
    expect(operators.map(({ acts }) => acts)).toEqual([true, false, false]);
    expect(lease && holderOf(lease)).toBe('a_a');
  });

  it('a backup of the Lease that somebody restores, with lower versions, is no reason to ask all the time, or to take over never', () => {
    version = 1;
    put(lease);
    asked = 0;
    pass(5_000);
    expect(asked).toBeLessThan(40);
    expect(operators.map(({ acts }) => acts)).toEqual([true, false, false]);
    cut.add('a');
    expect(until(() => b.acts || c.acts)).toBeLessThan(5_000);
  });

  it('an outage of the API server changes nothing: the active one was as silent as the API server', () => {
    for (const outageMs of [1_000, 5_000, 60_000]) {
      for (const { name } of operators) cut.add(name).has(name);
      for (const { name } of operators) deaf.add(name);
      pass(outageMs);
      expect(a.acts).toBe(true);
      expect(a.lease.mayWrite()).toBe(outageMs < 1_300);
      cut.clear();
      deaf.clear();
      pass(3_000);
      expect(operators.map(({ acts }) => acts)).toEqual([true, false, false]);
      expect(a.lease.mayWrite()).toBe(true);
    }
  });

  it('the next process in the pod of the active one acts at once: the one before has ended', () => {
    a.lease.close();
    const next = new Process('a2', 'a');
    expect(until(() => next.acts)).toBeLessThan(200);
  });
});
