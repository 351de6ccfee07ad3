import { expect, it } from 'vitest';
import type { Node } from '../../../src/kube/api-types.ts';
import { type Kubernetes, caughtUp, nodesReady, whyNotReady } from './kubernetes.ts';

const node = (name: string, ready: string, spec: Node['spec'] = {}): Node => ({
  metadata: { name },
  spec,
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

/** A cluster whose nodes are as in the next one of `lists`, and then as in the last one. */
function cluster(lists: Node[][], phases: string[] = ['Running']) {
  const done: string[] = [];
  const next = <T>(all: T[]): T => (all.length > 1 ? all.shift()! : all[0]!);
  const nameOf = (ref: { name?: string; metadata?: { name?: string } }) =>
    ref.name ?? ref.metadata?.name ?? '';
  const client = {
    list: async () => ({ items: next(lists), resourceVersion: '' }),
    get: async (_: unknown, ref: { name: string }) =>
      ref.name === 'probe'
        ? { spec: { clusterIP: '10.96.0.7' } }
        : { status: { phase: next(phases) } },
    apply: async (_: unknown, object: object) => void done.push(`apply ${nameOf(object)}`),
    delete: async (_: unknown, ref: object) => void done.push(`delete ${nameOf(ref)}`),
    mergePatch: async (_: unknown, ref: object, patch: object) =>
      void done.push(`patch ${nameOf(ref)} ${JSON.stringify(patch)}`),
  } as unknown as Kubernetes['client'];
  const kubernetes: Kubernetes = {
    ...{ client, namespace: 'ns', name: 'target', port: 80 },
    reachedFromEachNode: async (address) => void done.push(`reach ${address}`),
    log: (line) => done.push(line),
    signal: new AbortController().signal,
  };
  return { done, kubernetes };
}

it('names the nodes that are not Ready', () => {
  expect(whyNotReady([node('a', 'True'), node('b', 'Unknown'), node('c', 'False')])).toBe(
    'not Ready: b, c',
  );
  expect(whyNotReady([node('a', 'True')])).toBeUndefined();
});

it('waits for the nodes, and uncordons one that an earlier run has left cordoned', async () => {
  const lists = [
    [node('a', 'True', { unschedulable: true })],
    [node('a', 'Unknown')],
    [node('a', 'True')],
  ];
  const { done, kubernetes } = cluster(lists);
  await nodesReady(kubernetes);
  expect(done).toEqual([
    'node a is cordoned: uncordoning it',
    'patch a {"spec":{"unschedulable":null}}',
  ]);
  expect(lists).toHaveLength(1);
});

it('waits until new pods run on all nodes and a new Service works, and removes both', async () => {
  const nodes = [node('a', 'True'), node('b', 'True')];
  const { done, kubernetes } = cluster([nodes], ['Pending', 'Running']);
  await caughtUp(kubernetes);
  expect(done).toEqual([
    ...['apply probe', 'apply probe-a', 'apply probe-b', 'reach 10.96.0.7'],
    ...['delete probe', 'delete probe-a', 'delete probe-b'],
  ]);
});
