import { describe, expect, it } from 'vitest';
import type { HAService } from '../../src/api/haservice.ts';
import type { Node, Pod } from '../../src/kube/api-types.ts';
import { describeFailover, nodeViews } from './cluster-view.ts';

const node = (name: string, zone: string): Node => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
});
const pod = (name: string, nodeName: string, isReady = true): Pod => ({
  metadata: { name, uid: `uid of ${name}`, labels: { 'haservice.dev/role': 'standby' } },
  spec: { nodeName, containers: [] },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});
const service: HAService = {
  metadata: { name: 'web', namespace: 'demo', uid: 'u', resourceVersion: '1' },
  spec: {},
  status: {
    phase: 'Degraded',
    primary: 'web-1',
    epoch: 3,
    ready: '1/2',
    members: [
      { pod: 'web-0', uid: 'uid of web-0', role: 'standby', health: 'Dead' },
      { pod: 'web-1', uid: 'uid of web-1', role: 'primary', health: 'Healthy' },
    ],
  },
};

describe('nodeViews', () => {
  it('sorts nodes by zone and puts the pods on them, the primary by status', () => {
    const views = nodeViews({
      service,
      nodes: [node('n2', 'zone-b'), node('n1', 'zone-a')],
      members: [pod('web-1', 'n2'), pod('web-0', 'n1'), pod('web-2', 'n1')],
      plain: [pod('plain-6f7d9c8b5d-x7k2p', 'n2', false)],
      cutNode: 'n2',
    });
    expect(views).toEqual([
      {
        zone: 'zone-a',
        name: 'n1',
        isCut: false,
        members: [
          { pod: 'web-0', role: 'standby', health: 'Dead' },
          { pod: 'web-2', role: 'standby', health: 'starting' },
        ],
        plain: [],
      },
      {
        zone: 'zone-b',
        name: 'n2',
        isCut: true,
        members: [{ pod: 'web-1', role: 'primary', health: 'Healthy' }],
        plain: [{ pod: 'plain-x7k2p', isReady: false }],
      },
    ]);
  });
});

describe('describeFailover', () => {
  it('has something to say before there is a failover', () => {
    expect(describeFailover(undefined)).toBe('no failover yet');
  });

  it('fits a line of 80 beside the time of day', () => {
    const text = describeFailover({
      epoch: 4,
      from: 'web-2',
      to: 'web-0',
      trigger: 'Silent',
      startedAt: '2026-01-01T00:00:00Z',
      detectMs: 2_004,
      electMs: 18,
      promoteMs: 4,
      repointMs: 21,
      firstSuccessMs: 25,
      outcome: 'Completed',
    });
    expect(text).toBe('web-2->web-0 (Silent): detect 2004, elect 18, promote 4, repoint 21 ms');
    expect(`00:00:00 ${text}`.length).toBeLessThanOrEqual(80);
  });
});
