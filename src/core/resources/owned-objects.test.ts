import { describe, expect, it } from 'vitest';
import { ensureOwnedObjects } from './owned-object-actions.ts';
import { desiredBudget, desiredService, desiredSlices, endpointsOf } from './owned-objects.ts';
import { contractOf } from '../model/contact.ts';
import type { Member } from '../model/observed.ts';
import {
  dead,
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  running,
  t0,
} from '../testing/fixtures.ts';

const owner = {
  apiVersion: 'haservice.dev/v1alpha1',
  kind: 'HAService',
  name: 'web',
  uid: 'uid-web',
  controller: true,
  blockOwnerDeletion: true,
};

describe('children', () => {
  it('have the Service without a selector, with named ports by number', () => {
    const resource = makeResource({
      ports: [
        { name: 'http', port: 80, targetPort: 'web' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      template: {
        spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
      },
    });
    expect(desiredService(resource, 'read')).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'web-read',
        namespace: 'shop',
        labels: {
          'haservice.dev/name': 'web',
          'app.kubernetes.io/managed-by': 'haservice-operator',
        },
        ownerReferences: [owner],
      },
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        sessionAffinityConfig: null,
        loadBalancerSourceRanges: null,
        selector: null,
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        ],
      },
    });
  });

  it('have the port of the Service without a name if the spec has none: a former name must go', () => {
    const { ports } = desiredService(makeResource(), 'write')['spec'] as { ports: object[] };
    expect(ports).toEqual([expect.objectContaining({ name: null, port: 80 })]);
  });

  it('have one slice a Service, and name the pod, its node and its zone', () => {
    const { resource, members } = running();
    const slice = desiredSlices(resource, 'write', members.slice(0, 1), false)[0]!;
    expect(slice).toMatchObject({
      metadata: {
        name: 'web-haservice-dev',
        labels: {
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'haservice-operator.haservice.dev',
        },
        ownerReferences: [owner],
      },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'node-a',
          zone: 'a',
          targetRef: { kind: 'Pod', name: 'web-0', namespace: 'shop', uid: 'uid-web-0' },
        },
      ],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
    const { ip: _ip, ...homeless } = members[1] as unknown as Member;
    expect(desiredSlices(resource, 'all', [homeless], false)).toMatchObject([{ endpoints: [] }]);
    expect(desiredSlices(resource, 'all', members, true)).toMatchObject([
      {
        metadata: { name: 'web-all-haservice-dev-v6' },
        addressType: 'IPv6',
        endpoints: [],
      },
    ]);
  });

  describe('while a rolling update changes a port', () => {
    const spec = { ports: [{ port: 80, targetPort: 9090 }] };
    const made = (targetPort: number) => ({
      contract: {
        probePort: targetPort,
        ports: [{ port: 80, targetPort, protocol: 'TCP' as const }],
      },
    });
    const { resource, members } = running(spec);
    const at = (...ports: number[]) =>
      members.map((member, i) => ({ ...member, ...made(ports[i] ?? 0) }));
    const shown = (...of: Parameters<typeof desiredSlices>) =>
      desiredSlices(...of).map(({ metadata, ...slice }) => ({
        name: metadata.name,
        port: (slice['ports'] as { port: number }[])[0]?.port,
        to: (slice['endpoints'] as { addresses: string[] }[]).map(({ addresses }) => addresses[0]),
      }));

    it('the port of the write Service is that of its primary', () => {
      const primary = at(8080).slice(0, 1);
      const name = 'web-haservice-dev';
      expect(shown(resource, 'write', primary, false)).toEqual([
        { name, port: 8080, to: ['10.0.0.1'] },
      ]);
      expect(shown(resource, 'write', [], false)).toEqual([{ name, port: 9090, to: [] }]);
    });

    it('the other Services have a slice for each port, and one again at the end', () => {
      const name = 'web-all-haservice-dev';
      expect(shown(resource, 'all', at(8080, 8080, 8080), false)).toMatchObject([
        { name, port: 8080 },
      ]);
      expect(shown(resource, 'all', at(8080, 8080, 9090), false)).toEqual([
        { name, port: 8080, to: ['10.0.0.1', '10.0.1.1'] },
        { name: expect.stringContaining(`${name}-`) as string, port: 9090, to: ['10.0.2.1'] },
      ]);
      expect(shown(resource, 'all', at(9090, 9090, 9090), false)).toMatchObject([
        { name, port: 9090 },
      ]);
    });

    it('the additional slice goes when the usual one has its members', () => {
      const [, additional] = desiredSlices(resource, 'all', at(8080, 8080, 9090), false);
      const name = additional?.metadata.name ?? '';
      const deleted = (ports: number[], usual: string[]) => {
        const all = at(...ports).slice(0, ports.length);
        const slice = { name, uid: 'u', role: 'all', uids: ['uid-web-2'], usual } as const;
        const observed = makeObserved(all, {
          additionalSlices: [{ kind: 'EndpointSlice', ...slice, uids: ['uid-web-2'] }],
        });
        const endpoints = { write: all.slice(0, 1), read: all.slice(1), all, members: [] };
        return ensureOwnedObjects(resource, observed, endpoints, false).flatMap((action) =>
          action.type === 'DeleteForeignEndpoints' ? [action.endpoints.name] : [],
        );
      };
      const old = ['uid-web-0', 'uid-web-1'];
      // A member that has died keeps no slice of its own.
      expect(deleted([9090, 9090], old)).toEqual([name]);
      expect(deleted([8080, 8080, 9090], old)).toEqual([]);
      expect(deleted([9090, 9090, 9090], old)).toEqual([]);
      expect(deleted([9090, 9090, 9090], [...old, 'uid-web-2'])).toEqual([name]);
    });
  });

  it('keep a port of which the target is misspelled, and a budget that spares the last copy of a database', () => {
    const resource = makeResource({
      engine: { type: 'Redis' },
      ports: [{ port: 80, targetPort: 'wbe' }],
    });
    expect(desiredService(resource, 'write')['spec']).toMatchObject({ ports: [{ port: 80 }] });
    expect(desiredBudget(resource)['spec']).toMatchObject({
      unhealthyPodEvictionPolicy: 'IfHealthyBudget',
    });
  });

  it.each([
    [3, 1, 2],
    [1, 1, 0],
    [5, 2, 3],
    [0, 1, 0],
  ])('have a budget: of %i members %i may be away', (replicas, disruptionBudget, minAvailable) => {
    const resource = makeResource({ replicas, placement: { disruptionBudget } });
    expect(desiredBudget(resource)['spec']).toEqual({
      minAvailable,
      maxUnavailable: null,
      selector: { matchLabels: { 'haservice.dev/name': 'web' } },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });
});

describe('endpointsOf', () => {
  const names = (members: Member[], topology = 'ActivePassive') => {
    const resource = makeResource({ topology });
    const primary = members.find(({ ordinal }) => ordinal === 0);
    const { members: _named, ...behind } = endpointsOf(
      resource,
      makeObserved(members),
      primary,
      t0,
    );
    return Object.fromEntries(
      Object.entries(behind).map(([role, found]) => [role, found.map(({ ordinal }) => ordinal)]),
    );
  };
  const { members } = running();
  const change = (ordinal: number, more: Partial<Member>) =>
    members.map((member) => (member.ordinal === ordinal ? { ...member, ...more } : member));

  it('gives writes to the primary alone, reads to the standbys', () => {
    expect(names(members)).toEqual({ write: [0], read: [1, 2], all: [0, 1, 2] });
  });

  it('leaves out a member that is unhealthy, unready or leaving, but the primary stays for writes', () => {
    const unhealthy = { health: healthy({ verdict: 'Unhealthy' }) };
    expect(names(change(1, unhealthy))).toEqual({ write: [0], read: [2], all: [0, 2] });
    expect(names(change(1, { ready: false }))).toEqual({ write: [0], read: [2], all: [0, 2] });
    expect(names(change(1, { deletionAtMs: 1 }))).toEqual({ write: [0], read: [2], all: [0, 2] });
    expect(names(change(0, { ready: false })).write).toEqual([0]);
    expect(names(change(0, { health: dead('Refused') }))).toEqual({
      write: [0],
      read: [1, 2],
      all: [1, 2],
    });
  });

  it.each(['ActivePassive', 'ActiveActive'])(
    'keeps the members that answer wrongly if no other is left (%s)',
    (topology) => {
      const wrong = { health: healthy({ verdict: 'Unhealthy', cause: 'BadAnswer' }) };
      const all = members.map((member) => ({ ...member, ...wrong }));
      const before = names(members, topology);
      expect(names(all, topology)).toEqual(before);
      // A new process of the operator has no verdict yet.
      const stored = {
        health: healthy({ verdict: 'Unknown' }),
        inheritsHealth: 'Unhealthy' as const,
      };
      const restarted = members.map((member) => ({ ...member, ...stored }));
      expect(names(restarted, topology)).toEqual(before);
      const [first, ...others] = all;
      const gone = { ...first!, health: dead('Refused') };
      expect(names([gone, ...others], topology).read).toEqual([1, 2]);
      // One that is well is enough, if it can serve.
      expect(names([members[0]!, ...others], topology).read).toEqual([0]);
      const unready = { ...members[0]!, ready: false };
      expect(names([unready, ...others], topology).read).toEqual([1, 2]);
      const silent = { ...members[0]!, health: dead('Silent') };
      expect(names([silent, ...others], topology).read).toEqual(
        expect.arrayContaining([1, 2]) as number[],
      );
    },
  );

  it('sends reads to the primary if there is no standby', () => {
    // Also while the kubelet says of no member that it is ready.
    expect(names(members.map((member) => ({ ...member, ready: false }))).read).toEqual([0]);
    expect(names([makeMember(makeResource(), 0)])).toEqual({ write: [0], read: [0], all: [0] });
  });

  it('keeps all endpoints if no member answers: the operator’s own network may be the cause', () => {
    const silent = members.map((m) => ({
      ...m,
      health: dead('Silent', { sinceWallMs: t0 - 40_000 }),
    }));
    expect(names(silent, 'ActiveActive').write).toEqual([0, 1, 2]);
    expect(names(silent)).toMatchObject({ write: [0], read: [1, 2], all: [0, 1, 2] });
    const contract = contractOf(makeResource().spec);
    const crashed = silent.map((m) => ({ ...m, contract, health: dead('Refused') }));
    expect(names(crashed, 'ActiveActive').write).toEqual([]);
    // The first member that answers again removes no other one: the others have time to answer, too.
    const first = (healthyOrSuspectSinceWallMs: number) => {
      const health = healthy({ healthyOrSuspectSinceWallMs });
      return silent.map((m) => (m.ordinal === 1 ? { ...m, health } : m));
    };
    expect(names(first(t0 - 2_999), 'ActiveActive').write).toEqual([0, 1, 2]);
    expect(names(first(t0 - 3_000), 'ActiveActive').write).toEqual([1]);
    expect(names(first(t0 - 60_000), 'ActiveActive').write).toEqual([1]);
  });

  it.each(['ActivePassive', 'ActiveActive'])(
    'gives a name to each member that runs: %s',
    (topology) => {
      const resource = makeResource({ topology });
      const [first, second, third] = members as [Member, Member, Member];
      const sick = { ...first, ready: false, health: dead('Silent'), deletionAtMs: 1 };
      const ended = { ...third, phase: 'Failed' };
      const observed = makeObserved([sick, second, ended]);
      const named = endpointsOf(resource, observed, undefined, t0).members;
      const [slice] = desiredSlices(resource, 'members', named, false);
      expect(slice).toMatchObject({
        metadata: { labels: { 'kubernetes.io/service-name': 'web-members' } },
        endpoints: [
          { hostname: 'web-0', addresses: ['10.0.0.1'], conditions: { ready: true } },
          { hostname: 'web-1', addresses: ['10.0.1.1'] },
        ],
      });
      expect(slice?.['endpoints']).toHaveLength(2);
      expect(desiredService(resource, 'members')).toMatchObject({
        metadata: { name: 'web-members' },
        spec: { clusterIP: 'None', type: 'ClusterIP', publishNotReadyAddresses: true },
      });
    },
  );

  it('gives everything to every healthy member of ActiveActive', () => {
    const unhealthy = change(1, { health: healthy({ verdict: 'Unhealthy' }) });
    expect(names(unhealthy, 'ActiveActive')).toEqual({ write: [0, 2], read: [0, 2], all: [0, 2] });
  });
});
