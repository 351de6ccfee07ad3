import { describe, expect, it } from 'vitest';
import { makeMember, makeResource } from '../../core/testing/fixtures.ts';
import type { Node, Pod } from '../../kube/api-types.ts';
import { toMember } from './pod-view.ts';
import { leaseOf } from './observe.ts';
import { zonesOf } from './zone-view.ts';

const topologyKey = 'topology.kubernetes.io/zone';
const node = (name: string, zone: string, more: Node = {}): Node => ({
  metadata: { name, labels: { [topologyKey]: zone } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
  ...more,
});

describe('toMember', () => {
  const pod = (more: object = {}, status: object = {}): Pod => ({
    metadata: {
      name: 'web-2',
      uid: 'u',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'haservice.dev/role': 'primary', app: 'x' },
      annotations: { 'haservice.dev/template-hash': 'h' },
      ...more,
    },
    spec: { nodeName: 'n', containers: [] },
    status: { phase: 'Running', podIP: '10.0.0.1', ...status },
  });
  const view = { name: 'web', topologyKey };

  it('has what decisions depend on', () => {
    expect(toMember(view, pod(), node('n', 'b'))).toEqual({
      name: 'web-2',
      uid: 'u',
      ordinal: 2,
      labels: { 'haservice.dev/role': 'primary' },
      ip: '10.0.0.1',
      node: 'n',
      zone: 'b',
      nodeReady: true,
      phase: 'Running',
      ready: false,
      createdAtMs: Date.parse('2026-01-01T00:00:00Z'),
      templateHash: 'h',
    });
  });

  it('knows why the pod has ended', () => {
    const endedFor = (status: object) => toMember(view, pod({}, status), undefined)?.endedFor;
    const evicted = { reason: 'Evicted', message: 'The node was low on resource: memory' };
    expect(endedFor({ ...evicted, phase: 'Failed' })).toBe(
      'Evicted: The node was low on resource: memory',
    );
    expect(endedFor({ phase: 'Failed' })).toBeUndefined();
    expect(endedFor(evicted)).toBeUndefined();
  });

  it('ignores a pod with a name that this resource does not give', () => {
    for (const name of ['web-02', 'web-x', 'web-2-0', 'other-2', 'web-']) {
      expect(toMember(view, pod({ name }), undefined)).toBeUndefined();
    }
  });

  it('knows since when the kubelet cannot set the pod up', () => {
    const setUp = (status: string) => ({
      phase: 'Pending',
      conditions: [
        { type: 'PodReadyToStartContainers', status, lastTransitionTime: '2026-01-01T00:00:03Z' },
      ],
    });
    const sinceMs = (status: string) =>
      toMember(view, pod({}, setUp(status)), undefined)?.notSetUpSinceMs;
    expect(sinceMs('False')).toBe(Date.parse('2026-01-01T00:00:03Z'));
    expect(sinceMs('True')).toBeUndefined();
  });

  it('sees why a pod does not start, and ignores the reasons of an ordinary start', () => {
    const waiting = (reason: string) => ({
      containerStatuses: [{ name: 'c', state: { waiting: { reason, message: 'm' } } }],
    });
    expect(
      toMember(view, pod({}, waiting('ContainerCreating')), undefined)?.waiting,
    ).toBeUndefined();
    expect(toMember(view, pod({}, waiting('ErrImagePull')), undefined)?.waiting).toEqual({
      container: 'c',
      reason: 'ErrImagePull',
      message: 'm',
    });
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'full' },
    ];
    expect(toMember(view, pod({}, { conditions }), undefined)?.unschedulable).toBe('full');
  });

  it('recognizes a pod that was created for one zone, other than the template’s zone', () => {
    const selected = { ...pod(), spec: { containers: [], nodeSelector: { [topologyKey]: 'b' } } };
    expect(toMember(view, selected as Pod, undefined)?.pinnedTo).toBe('b');
    expect(toMember({ ...view, zone: 'b' }, selected as Pod, undefined)?.pinnedTo).toBeUndefined();
  });
});

describe('the contract of a pod', () => {
  const made = { probePort: 8080, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] };
  const memberOf = (annotation: string | undefined, agent?: object) => {
    const env = [{ name: 'HASERVICE_AGENT', value: JSON.stringify(agent) }];
    const annotations = annotation === undefined ? {} : { 'haservice.dev/contract': annotation };
    const pod = {
      metadata: { name: 'web-0', uid: 'u', annotations },
      spec: { containers: [agent === undefined ? {} : { command: ['/haservice/lib/ld.so'], env }] },
    };
    return toMember({ name: 'web', topologyKey }, pod as Pod, undefined);
  };
  const contractOf = (annotation: string | undefined, agent?: object) =>
    memberOf(annotation, agent)?.contract;

  it('is its annotation, or else what the settings of its agent say', () => {
    const agent = { agentPort: 8990, port: 6379, engine: { type: 'TCP', dataDir: '/x' } };
    const health = { type: 'TCP' };
    expect(contractOf(JSON.stringify(made))).toEqual(made);
    expect(contractOf(JSON.stringify(made), agent)).toEqual({ ...made, health });
    expect(contractOf(undefined, agent)).toEqual({ probePort: 6379, ports: [], health });
    expect(contractOf(undefined, { ...agent, port: 0 })).toEqual({ ports: [], health });
    expect(contractOf(undefined)).toBeUndefined();
  });

  it.each([
    'nonsense',
    'null',
    '[]',
    '{"probePort":70000,"ports":[]}',
    '{"probePort":0,"ports":[]}',
    '{"ports":[{"port":80,"targetPort":"x","protocol":"TCP"}]}',
  ])('does not count if somebody has written %s', (text) => {
    expect(contractOf(text)).toBeUndefined();
    expect(memberOf(text)?.isContractBroken).toBe(true);
    expect(contractOf(text, { agentPort: 99_999, port: 1 })).toBeUndefined();
  });
});

describe('zonesOf', () => {
  const taint = (key: string, effect = 'NoSchedule') => ({ spec: { taints: [{ key, effect }] } });
  const zones = (nodes: Node[], podSpec: object = {}) =>
    zonesOf(nodes, makeResource({ template: { spec: { containers: [{}], ...podSpec } } }).spec).map(
      ({ name, nodes: count }) => `${name} ${count}`,
    );

  it('counts the nodes of each zone that can take a member', () => {
    expect(
      zones([
        node('1', 'b'),
        node('2', 'b'),
        node('3', 'a'),
        node('4', 'c', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
        node('5', 'd', { spec: { unschedulable: true } }),
        node('6', 'e', taint('gpu')),
        node('7', 'f', taint('gpu', 'PreferNoSchedule')),
        { metadata: { name: '8' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      ]),
    ).toEqual(['a 1', 'b 2', 'f 1']);
  });

  it.each([
    ['a zone that is not named', ['a'], 'In', ['a']],
    ['a zone that is named', ['b'], 'NotIn', ['a']],
    ['nothing', ['a', 'b'], 'Exists', undefined],
    ['everything', [], 'DoesNotExist', undefined],
  ])('excludes %s by node affinity', (_what, left, operator, values) => {
    const affinity = (terms: unknown) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
        },
      },
    });
    const nodes = [node('1', 'a'), node('2', 'b')];
    const seen = (terms: unknown) => zones(nodes, affinity(terms)).map((zone) => zone.slice(0, 1));
    const term = { matchExpressions: [{ key: topologyKey, operator, values }] };
    expect(seen([term])).toEqual(left);
    const second = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['2'] }] };
    expect(seen([term, second])).toEqual([...new Set([...left, 'b'])].sort());
    expect(seen([{}])).toEqual([]);
    expect(seen('nonsense')).toEqual(['a', 'b']);
  });

  it('respects the tolerations and the node selector of the template', () => {
    const gpu = node('1', 'a', taint('gpu'));
    expect(zones([gpu], { tolerations: [{ key: 'gpu', operator: 'Exists' }] })).toEqual(['a 1']);
    expect(zones([gpu], { tolerations: [{ operator: 'Exists' }] })).toEqual(['a 1']);
    expect(zones([gpu], { tolerations: [{ key: 'gpu', value: 'no' }] })).toEqual([]);
    expect(zones([node('1', 'a')], { nodeSelector: { disk: 'ssd' } })).toEqual([]);
    expect(zones([gpu], { tolerations: 'all' })).toEqual([]);
  });
});

describe('leaseOf', () => {
  /** How long the lease is that a failover waits for, in seconds, with 8 s in the spec. */
  const waitsFor = (own: number | undefined, stored: number | undefined, isGone = false) => {
    const resource = makeResource(
      { engine: { type: 'TCP' }, failover: { consistency: 'Strong', leaseDuration: '8s' } },
      {
        ...{ primary: 'web-0', primaryUID: 'uid-web-0', epoch: 1 },
        ...(stored === undefined ? {} : { primaryLeaseMs: stored * 1_000 }),
      },
    );
    const made = own === undefined ? {} : { leaseMs: own * 1_000 };
    const members = isGone ? [] : [makeMember(resource, 0, made)];
    const monitor = { health: () => undefined, leaseEndsInMs: (_: string, ms: number) => ms };
    return (leaseOf(monitor, resource, members).leaseEndsInMs ?? NaN) / 1_000;
  };

  it.each<
    [what: string, own: number | undefined, stored: number | undefined, isGone: boolean, s: number]
  >([
    ['the one in the spec', 8, 8, false, 8],
    ['the longer one that the pod was made with', 96, 96, false, 96],
    ['the one that the pod had, if the pod is gone', undefined, 96, true, 96],
    ['the one in the spec, if that is longer', 4, 4, false, 8],
    [
      'the one in the spec, after an update from a version that stored none',
      undefined,
      undefined,
      true,
      8,
    ],
  ])('waits for %s', (_what, own, stored, isGone, seconds) => {
    expect(waitsFor(own, stored, isGone)).toBe(seconds);
  });

  it.each<
    [what: string, own: number | undefined, stored: number | undefined, granted: number, s: number]
  >([
    ['the one that the pod was made with', 96, undefined, 0, 96],
    ['the one that the pod had, if it is gone', undefined, 96, 0, 96],
    [
      'the one that this process has granted, if nothing else is known of it',
      undefined,
      undefined,
      5,
      5,
    ],
    ['none, if it had none', undefined, undefined, 0, NaN],
  ])('that the spec needs no more, during a fence: %s', (_what, own, stored, granted, seconds) => {
    const fencing = { epoch: 2, trigger: 'PodGone' as const, startedAt: '2026-01-01T00:00:00Z' };
    const resource = makeResource(
      {},
      {
        ...{ primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2, fencing },
        ...(stored === undefined ? {} : { primaryLeaseMs: stored * 1_000 }),
      },
    );
    const members = own === undefined ? [] : [makeMember(resource, 0, { leaseMs: own * 1_000 })];
    const leaseEndsInMs = (_: string, ms: number) => Math.max(ms, granted * 1_000);
    const monitor = { health: () => undefined, leaseEndsInMs };
    expect((leaseOf(monitor, resource, members).leaseEndsInMs ?? NaN) / 1_000).toBe(seconds);
  });
});
