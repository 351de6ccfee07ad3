import { describe, expect, it } from 'vitest';
import type { Spec } from '../../api/spec.ts';
import { makeResource } from '../testing/fixtures.ts';
import { contactOf, contractOf, hasOtherContract, hooksOf, takesNoOrders } from './contact.ts';

const specOf = (spec: object): Spec => makeResource(spec).spec;
const made = (spec: Spec) => ({ contract: contractOf(spec) });

const website = { engine: { type: 'HTTP' } };
const log = { topology: 'LeaderFollower', engine: { type: 'HTTP' } };

describe('a member without an agent is asked as its pod was made, and is replaced', () => {
  it.each<[string, object, object]>([
    ['path', website, { engine: { type: 'HTTP', http: { path: '/ready' } } }],
    ['Host header', website, { engine: { type: 'HTTP', http: { path: '/', host: 'x' } } }],
    ['HTTP to TCP', website, { engine: { type: 'TCP' } }],
    ['TCP to GRPC', { engine: { type: 'TCP' } }, { engine: { type: 'GRPC' } }],
    [
      'expected text',
      { engine: { type: 'TCP', tcp: { send: 'a', expect: 'b' } } },
      { engine: { type: 'TCP', tcp: { send: 'a', expect: 'c' } } },
    ],
    [
      'service of gRPC',
      { engine: { type: 'GRPC' } },
      { engine: { type: 'GRPC', grpc: { service: 's' } } },
    ],
    ['a new hook', website, { engine: { type: 'HTTP', promote: { path: '/lead' } } }],
    ['the member protocol over gRPC', log, { ...log, engine: { type: 'GRPC' } }],
    ['the member protocol', website, log],
    ['no member protocol', log, website],
    ['engine.port', website, { engine: { type: 'HTTP', port: 8080 } }],
  ])('%s', (_what, before, after) => {
    const [old, now] = [specOf(before), specOf(after)];
    const member = made(old);
    expect(contactOf(now, member)).toEqual(contactOf(old, member));
    expect(hooksOf(now, member)).toEqual(hooksOf(old, member));
    expect(hasOtherContract(old, member)).toBe(false);
    expect(hasOtherContract(now, member)).toBe(true);
  });
});

describe('a member stays', () => {
  it.each<[string, object, object]>([
    ['the heartbeat changes', website, { ...website, heartbeat: { timeout: '30s' } }],
    ['a default is written down', website, { engine: { type: 'HTTP', http: { path: '/' } } }],
    ['all members become active', website, { ...website, topology: 'ActiveActive' }],
    ['Strong is asked for, of a quorum', log, { ...log, failover: { consistency: 'Strong' } }],
  ])('if %s', (_what, before, after) => {
    expect(hasOtherContract(specOf(after), made(specOf(before)))).toBe(false);
  });
});

it('is asked at its agent, also if the spec does not ask for one any more', () => {
  const eventual = specOf(website);
  const member = { ...made(eventual), agentPort: 8990, leaseMs: 10_000 };
  expect(contactOf(eventual, member)).toMatchObject({
    ...{ port: 8990, transport: 'http', leaseMs: 10_000 },
  });
  expect(hooksOf(eventual, member)).toEqual({});
});

it('takes no orders, if it was made before the spec asked for members that do', () => {
  const [plain, now] = [specOf(website), specOf(log)];
  expect(takesNoOrders(now, made(plain))).toBe(true);
  expect(takesNoOrders(now, made(now))).toBe(false);
  expect(takesNoOrders(plain, made(plain))).toBe(false);
});

it('is asked as the spec says now, if its contract does not say how', () => {
  const contract = { probePort: 80, ports: [] };
  const now = specOf({ engine: { type: 'HTTP', http: { path: '/ready' } } });
  expect(contactOf(now, { contract })).toMatchObject({ health: { http: { path: '/ready' } } });
});
