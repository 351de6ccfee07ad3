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
