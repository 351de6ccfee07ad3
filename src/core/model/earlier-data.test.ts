import { expect, it } from 'vitest';
import { planFailover } from '../failover/failover.ts';
import { makeObserved, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';

it.each([
  ['Refused', /may not list.*kubectl apply -f manifests\/rbac.yaml/],
  ['NotListed', /could not list[^(]*: it tries again/],
] as const)(
  'no data set begins while the claims are not known: %s, and only a refusal asks for another role',
  (unknownClaims, message) => {
    const { resource } = strong({
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    });
    const fresh = { ...resource, status: {} };
    const members = [0, 1, 2].map((ordinal) => led(fresh, ordinal, { state: 'Empty', epoch: 0 }));
    expect(planFailover(fresh, makeObserved(members, { unknownClaims }), t0)).toEqual({
      kind: 'Blocked',
      reason: 'ClaimsUnknown',
      message: expect.stringMatching(message) as string,
    });
  },
);
