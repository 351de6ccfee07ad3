import { describe, expect, it } from 'vitest';
import { desiredBudget, desiredService, desiredSlice, endpointsOf } from './owned-objects.ts';
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
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        ],
      },
    });
  });

  it('have one slice a Service, and name the pod, its node and its zone', () => {
    const { resource, members } = running();
    const slice = desiredSlice(resource, 'write', members.slice(0, 1), false);
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
    expect(desiredSlice(resource, 'all', [homeless], false)['endpoints']).toEqual([]);
    expect(desiredSlice(resource, 'all', members, true)).toMatchObject({
      metadata: { name: 'web-all-haservice-dev-v6' },
      addressType: 'IPv6',
      endpoints: [],
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
      selector: { matchLabels: { 'haservice.dev/name': 'web' } },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });
});

describe('endpointsOf', () => {
  const names = (members: Member[], topology = 'ActivePassive') => {
    const resource = makeResource({ topology });
    const primary = members.find(({ ordinal }) => ordinal === 0);
    return Object.fromEntries(
      Object.entries(endpointsOf(resource, makeObserved(members), primary, t0)).map(
        ([role, found]) => [role, found.map(({ ordinal }) => ordinal)],
      ),
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

  it('sends reads to the primary if there is no standby', () => {
    expect(names([makeMember(makeResource(), 0)])).toEqual({ write: [0], read: [0], all: [0] });
  });

  it('keeps all endpoints if no member answers: the operator’s own network may be the cause', () => {
    const silent = members.map((m) => ({
      ...m,
      health: dead('Silent', { sinceWallMs: t0 - 40_000 }),
    }));
    expect(names(silent, 'ActiveActive').write).toEqual([0, 1, 2]);
    expect(names(silent)).toEqual({ write: [0], read: [1, 2], all: [0, 1, 2] });
    const crashed = silent.map((m) => ({ ...m, health: dead('Refused') }));
    expect(names(crashed, 'ActiveActive').write).toEqual([]);
    // The first member that answers again removes no other one: the others have time to answer, too.
    const first = (healthyOrSuspectSinceWallMs: number) => {
      const health = healthy({ healthyOrSuspectSinceWallMs });
      return silent.map((m) => (m.ordinal === 1 ? { ...m, health } : m));
    };
    expect(names(first(t0 - 1_999), 'ActiveActive').write).toEqual([0, 1, 2]);
    expect(names(first(t0 - 2_000), 'ActiveActive').write).toEqual([1]);
    expect(names(first(t0 - 60_000), 'ActiveActive').write).toEqual([1]);
  });

  it('gives everything to every healthy member of ActiveActive', () => {
    const unhealthy = change(1, { health: healthy({ verdict: 'Unhealthy' }) });
    expect(names(unhealthy, 'ActiveActive')).toEqual({ write: [0, 2], read: [0, 2], all: [0, 2] });
  });
});
