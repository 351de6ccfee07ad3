import { expect, it } from 'vitest';
import { makeMember, makeResource } from '../../core/testing/fixtures.ts';
import { leading, report } from '../../core/testing/led.ts';
import { protocolHeaders } from '../../heartbeat/health.ts';
import { monitorConfigOf, monitoredMembers } from './monitored-members.ts';

const led = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 3 };
const strong = { failover: { consistency: 'Strong', leaseDuration: '20s' } };

it('asks a member as its pod was made, also with its lease, whatever the spec says since', () => {
  const before = makeResource(strong, led);
  const member = makeMember(before, 0);
  const made = { port: 8990, transport: 'http', leaseMs: 20_000 };
  for (const spec of [strong, {}, { topology: 'ActiveActive' }]) {
    const now = makeResource({ ...spec, engine: { type: 'HTTP', agentPort: 9999 } }, led);
    expect(monitoredMembers(now, [member])).toMatchObject([made]);
  }
});

it('tells the members of a Postgres with which password they replicate', () => {
  const service = makeResource({ topology: 'LeaderFollower', engine: { type: 'Postgres' } }, led);
  const contract = { ports: [], replicationUser: true };
  const knowing = [0, 1].map((ordinal) => ({ ...makeMember(service, ordinal), contract }));
  const earlier = makeMember(service, 2);
  const said = (members: Parameters<typeof monitorConfigOf>[1]) =>
    protocolHeaders(monitorConfigOf(service, members, []).protocol);
  expect(said(knowing)).toMatchObject({ 'haservice-replication-password': 'own' });
  expect(said([...knowing, earlier])).toMatchObject({
    'haservice-replication-password': 'service',
  });
});

it('lets the primary keep its lease, but not while the primary is being fenced', () => {
  const members = [0, 1].map((ordinal) => makeMember(makeResource(strong, led), ordinal));
  const holder = (spec: object, status: object) =>
    monitorConfigOf(makeResource(spec, status), members, [report(leading()), report()]).protocol
      .leaseHolder;
  expect(holder(strong, led)).toBe('uid-web-0');
  expect(holder({}, led)).toBe('uid-web-0');
  const fencing = { epoch: 4, trigger: 'Silent', startedAt: '2026-01-01T00:00:00Z' };
  expect(holder(strong, { ...led, fencing })).toBeUndefined();
  // There is no primary any more, and none is elected: the one from before leads on until it is replaced.
  expect(holder({ topology: 'ActiveActive' }, {})).toBe('uid-web-0');
});
