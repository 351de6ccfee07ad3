import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { Grants } from './grants.ts';

let clock: FakeClock;
let connected: boolean;
let grants: Grants;
const leaseMs = 10_000;

beforeEach(() => {
  clock = new FakeClock();
  connected = true;
  grants = new Grants(clock, (withinMs) => connected && withinMs === 10_000);
});

describe('a granted lease', () => {
  it('begins with the report that it names, however often it is sent', () => {
    grants.podCreated('a');
    expect(grants.endsInMs('a', leaseMs)).toBe(0);
    clock.advance(400);
    expect(grants.grant('a', 'n1', 100, leaseMs)).toBe('n1 10000');
    const endsInMs = 100 + leaseMs * 1.01 + 50 - 400;
    expect(grants.endsInMs('a', leaseMs)).toBe(endsInMs);
    // The member is silent, and is probed again and again.
    clock.advance(2_000);
    grants.grant('a', 'n1', 100, leaseMs);
    expect(grants.endsInMs('a', leaseMs)).toBe(endsInMs - 2_000);
    clock.advance(endsInMs);
    expect(grants.endsInMs('a', leaseMs)).toBe(0);
  });

  it('does not exist while the operator may be cut off', () => {
    grants.podCreated('a');
    connected = false;
    expect(grants.grant('a', 'n1', 0, leaseMs)).toBeUndefined();
    expect(grants.endsInMs('a', leaseMs)).toBe(0);
  });

  it('is remembered until it ends, also if the pod is gone', () => {
    grants.podCreated('a');
    grants.grant('a', 'n1', 0, leaseMs);
    clock.advance(10_149);
    grants.forgetEnded();
    expect(grants.endsInMs('a', leaseMs)).toBe(1);
  });

  it('may come from another process if this one has not created the pod', () => {
    const window = 20_000 * 1.01 + 50;
    expect(grants.endsInMs('old', leaseMs)).toBe(window);
    clock.advance(window);
    expect(grants.endsInMs('old', leaseMs)).toBe(0);
  });
});

describe('a lease that an earlier operator may have granted', () => {
  const whole = 2 * leaseMs * 1.01 + 50;
  const one = leaseMs * 1.01 + 50;
  const until = 50_000;

  beforeEach(() => {
    clock.advance(until);
  });

  it('counts from the last time when that one was confirmed, not from the start of this process', () => {
    grants.podCreated('a');
    grants.takenOver({ until, isHandedOver: false, othersUntil: 0 });
    // Created in an earlier time of this process: another one may have granted it a lease since.
    expect(grants.endsInMs('a', leaseMs)).toBe(whole);
    grants.podCreated('b');
    expect(grants.endsInMs('b', leaseMs)).toBe(0);
  });

  it('ends one lease after the moment in which that one has handed over', () => {
    grants.takenOver({ until, isHandedOver: true, othersUntil: 0 });
    expect(grants.endsInMs('a', leaseMs)).toBe(one);
  });

  it('ends one lease after this process has seen that the member is being fenced', () => {
    grants.fencing('a', 7, false);
    clock.advance(1_000);
    // This process has written its own name into the status since.
    grants.fencing('a', 7, true);
    grants.takenOver({ until: until + 3_000, isHandedOver: false, othersUntil: 0 });
    expect(grants.endsInMs('a', leaseMs)).toBe(one - 1_000);
    expect(grants.endsInMs('b', leaseMs)).toBe(whole + 2_000);
    // It led on in between.
    grants.fencing('a', 8, false);
    expect(grants.endsInMs('a', leaseMs)).toBe(one);
    grants.fencing('a', undefined, false);
    expect(grants.endsInMs('a', leaseMs)).toBe(whole + 2_000);
  });

  it('may come long after this process itself has begun to fence the member, of which that one need not know', () => {
    grants.fencing('a', 7, false);
    grants.takenOver({ until, isHandedOver: false, othersUntil: 0 });
    grants.fencing('a', 8, true);
    expect(grants.endsInMs('a', leaseMs)).toBe(whole);
  });

  it('may come from one that was followed before, and that is cut off', () => {
    grants.fencing('a', 7, false);
    grants.takenOver({ until, isHandedOver: true, othersUntil: until - 2_000 });
    expect(grants.endsInMs('a', leaseMs)).toBe(whole - 2_000);
  });
});
