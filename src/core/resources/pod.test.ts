import { describe, expect, it } from 'vitest';
import { desiredPod, templateHash } from './pod.ts';
import { makeResource } from '../testing/fixtures.ts';

const withTemplate = (template: object, spec: object = {}) =>
  makeResource({ ...spec, template: { spec: { containers: [{ name: 'c' }] }, ...template } });
const specOf = (resource: ReturnType<typeof makeResource>, zone?: string) =>
  desiredPod(resource, 1, 'standby', zone)['spec'] as Record<string, unknown>;

describe('desiredPod', () => {
  it('has the name, labels and owner by which it is known, whatever the template says', () => {
    const resource = withTemplate({
      metadata: {
        labels: { app: 'x', 'haservice.dev/role': 'primary' },
        annotations: { note: 'y' },
      },
    });
    expect(desiredPod(resource, 1, 'standby').metadata).toEqual({
      name: 'web-1',
      namespace: 'shop',
      labels: {
        app: 'x',
        'haservice.dev/name': 'web',
        'haservice.dev/ordinal': '1',
        'haservice.dev/role': 'standby',
        'app.kubernetes.io/managed-by': 'haservice-operator',
      },
      annotations: {
        note: 'y',
        'haservice.dev/template-hash': templateHash(resource.spec),
        'haservice.dev/contract': JSON.stringify({
          probePort: 80,
          ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
          health: { type: 'HTTP' },
        }),
      },
      ownerReferences: [expect.objectContaining({ kind: 'HAService', uid: 'uid-web' })],
    });
  });

  it('spreads over zones and nodes, and leaves a lost node in seconds', () => {
    const labelSelector = { matchLabels: { 'haservice.dev/name': 'web' } };
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector };
    expect(specOf(withTemplate({}))).toMatchObject({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          nodeTaintsPolicy: 'Honor',
          labelSelector,
        },
      ],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }],
        },
      },
      tolerations: ['not-ready', 'unreachable'].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 5,
      })),
    });
    const strict = {
      placement: { nodes: 'Required', zones: { minZones: 2, whenUnsatisfiable: 'DoNotSchedule' } },
    };
    expect(specOf(withTemplate({}, strict))).toMatchObject({
      topologySpreadConstraints: [{ whenUnsatisfiable: 'DoNotSchedule', minDomains: 2 }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    });
    // The API server refuses minDomains with anything but DoNotSchedule.
    const loose = specOf(withTemplate({}, { placement: { zones: { minZones: 2 } } }));
    expect(JSON.stringify(loose)).not.toContain('minDomains');
  });

  it('keeps what the user wrote beside it', () => {
    const toleration = { key: 'node.kubernetes.io/unreachable', operator: 'Exists' };
    const resource = withTemplate({
      spec: {
        containers: [{ name: 'c', unknown: 1 }],
        nodeSelector: { disk: 'ssd' },
        tolerations: [toleration],
        topologySpreadConstraints: [{ topologyKey: 'rack' }],
        affinity: { nodeAffinity: { a: 1 } },
      },
    });
    expect(specOf(resource, 'b')).toMatchObject({
      containers: [{ name: 'c', unknown: 1 }],
      nodeSelector: { disk: 'ssd', 'topology.kubernetes.io/zone': 'b' },
      tolerations: [toleration, { key: 'node.kubernetes.io/not-ready' }],
      topologySpreadConstraints: [{ topologyKey: 'rack' }, { maxSkew: 1 }],
      affinity: { nodeAffinity: { a: 1 } },
    });
  });
});

it('the pod of a database says that its agent knows the user or the password of replication, and its hash says nothing of that', () => {
  const made = (type: string) => {
    const { metadata } = desiredPod(withTemplate({}, { engine: { type } }), 0, 'primary');
    const contract = metadata?.annotations?.['haservice.dev/contract'] ?? '';
    return (JSON.parse(contract) as { replicationUser?: boolean }).replicationUser;
  };
  expect(['Redis', 'Postgres', 'HTTP'].map(made)).toEqual([true, true, undefined]);
});

describe('templateHash', () => {
  const hash = (spec: object) => templateHash(makeResource(spec).spec);

  it('changes with what a pod is made from, and with nothing else', () => {
    const same = hash({});
    expect(hash({ replicas: 5, paused: true, heartbeat: { interval: '1s' } })).toBe(same);
    expect(hash({ placement: { nodes: 'Required' } })).not.toBe(same);
    const container = (fields: object) =>
      hash({ template: { spec: { containers: [{ name: 'nginx', ...fields }] } } });
    expect(container({ image: 'nginx' })).toBe(same);
    expect(container({ image: 'nginx:2' })).not.toBe(same);
    expect(container({ tty: true, image: 'x' })).toBe(container({ image: 'x', tty: true }));
  });
});
