import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/api-types.ts';
import { lastEndOf, preparingOf, waitingOf } from './container-view.ts';

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const ms = (second: number) => Date.parse(at(second));

/** A pod with an init container and two others, as the operator makes it. */
const pod = (status: object, more: object = {}) =>
  ({
    spec: {
      initContainers: [
        { name: 'haservice-agent', image: 'agent:1', resources: { limits: { memory: '128Mi' } } },
      ],
      containers: [
        { name: 'web', image: 'web:1', resources: { limits: { memory: '10Mi' } } },
        { name: 'log', image: 'log:1' },
      ],
      ...more,
    },
    status,
  }) as unknown as Pod;

const entry = (name: string, state: object, more: object = {}) => ({
  ...{ name, state, restartCount: 0 },
  ...more,
});
const ended = (exitCode: number, second: number, more: object = {}) => ({
  terminated: { reason: 'Error', exitCode, finishedAt: at(second), ...more },
});
const runs = (second: number) => ({ running: { startedAt: at(second) } });
const waits = (reason: string) => ({ waiting: { reason } });

describe('the last end', () => {
  it('is that of the container which ended last, with its memory limit and how often it has ended', () => {
    const containerStatuses = [
      entry('log', runs(4), { lastState: ended(1, 3), restartCount: 1 }),
      entry('web', runs(5), { lastState: ended(137, 4), restartCount: 2 }),
    ];
    expect(lastEndOf(pod({ containerStatuses }))).toEqual({
      ...{ container: 'web', reason: 'Error', exitCode: 137, finishedAtMs: ms(4) },
      ...{ count: 2, memoryLimit: '10Mi' },
    });
  });

  it('counts the present end as well, while the container waits for its next start', () => {
    const countOf = (state: object) =>
      lastEndOf(
        pod({
          containerStatuses: [entry('web', state, { lastState: ended(1, 2), restartCount: 1 })],
        }),
      )?.count;
    expect(countOf(waits('CrashLoopBackOff'))).toBe(2);
    expect(countOf(ended(1, 3))).toBe(2);
    expect(countOf(runs(3))).toBe(1);
  });

  it('of a container that waits is its own', () => {
    const containerStatuses = [
      entry('log', runs(9), { lastState: ended(137, 8), restartCount: 1 }),
      entry('web', waits('CrashLoopBackOff'), { lastState: ended(1, 3), restartCount: 4 }),
    ];
    const { end } = waitingOf(pod({ containerStatuses })) ?? {};
    expect(end).toMatchObject({ container: 'web', exitCode: 1, count: 5 });
    expect(lastEndOf(pod({ containerStatuses }))?.container).toBe('log');
  });

  it('has the words of the container runtime', () => {
    const end = ended(128, 2, { reason: 'StartError', message: 'container init was OOM-killed' });
    const containerStatuses = [entry('log', waits('CrashLoopBackOff'), { lastState: end })];
    expect(lastEndOf(pod({ containerStatuses }))).toMatchObject({
      ...{ container: 'log', reason: 'StartError', message: 'container init was OOM-killed' },
    });
  });

  it('may be that of an init container, unless that has done its work', () => {
    const of = (exitCode: number) =>
      lastEndOf(pod({ initContainerStatuses: [entry('haservice-agent', ended(exitCode, 2))] }))
        ?.memoryLimit;
    expect(of(137)).toBe('128Mi');
    expect(of(0)).toBeUndefined();
  });
});

describe('what the kubelet prepares', () => {
  const condition = (type: string, second: number, status = 'True') => ({
    ...{ type, status, lastTransitionTime: at(second) },
  });
  const conditions = [
    condition('PodScheduled', 1),
    condition('PodReadyToStartContainers', 2),
    condition('Ready', 1, 'False'),
  ];
  const of = (inits: object[], others: object[], more: object = {}) =>
    preparingOf(
      pod({
        ...{ phase: 'Pending', conditions, ...more },
        ...{ initContainerStatuses: inits, containerStatuses: others },
      }),
    );
  const initial = [entry('log', waits('PodInitializing')), entry('web', waits('PodInitializing'))];

  it('is the image of the first container, since volumes and network are there', () => {
    const wanted = {
      container: 'haservice-agent',
      image: 'agent:1',
      sinceMs: ms(2),
      isSetUp: true,
    };
    expect(of([entry('haservice-agent', waits('PodInitializing'))], initial)).toEqual(wanted);
    // The kubelet has told nothing of the containers yet.
    expect(of([], [])).toEqual(wanted);
  });

  it('is the image of the next container, since the one before has ended or runs', () => {
    const done = [entry('haservice-agent', ended(0, 5))];
    expect(of(done, initial)).toEqual({
      ...{ container: 'web', image: 'web:1', sinceMs: ms(5), isSetUp: true },
    });
    const started = [entry('log', waits('ContainerCreating')), entry('web', runs(7))];
    expect(of(done, started)).toMatchObject({ container: 'log', sinceMs: ms(7) });
  });

  it('is not known more exactly while volumes and network are not there', () => {
    const setUp = [
      condition('PodScheduled', 1),
      condition('PodReadyToStartContainers', 2, 'False'),
    ];
    for (const told of [setUp, setUp.slice(0, 1)]) {
      expect(of([], [], { conditions: told })).toEqual({
        ...{ container: 'haservice-agent', image: 'agent:1', sinceMs: ms(1) },
      });
    }
  });

  it('is nothing if the pod has no node, if it runs, or if a container says itself what it waits for', () => {
    const done = [entry('haservice-agent', ended(0, 5))];
    expect(of([], [], { conditions: [] })).toBeUndefined();
    expect(of(done, initial, { phase: 'Running' })).toBeUndefined();
    expect(of([entry('haservice-agent', runs(3))], initial)).toBeUndefined();
    expect(of([entry('haservice-agent', ended(1, 3))], initial)).toBeUndefined();
    const refused = [entry('log', waits('PodInitializing')), entry('web', waits('ErrImagePull'))];
    expect(of(done, refused)).toBeUndefined();
    expect(waitingOf(pod({ containerStatuses: refused }))?.reason).toBe('ErrImagePull');
    const again = entry('web', waits('ContainerCreating'), { lastState: ended(1, 6) });
    expect(of(done, [again])).toBeUndefined();
  });

  it('is the next container if an init container before it is a sidecar that runs', () => {
    const containers = [{ name: 'web', image: 'web:1' }];
    const initContainers = [{ name: 'proxy', image: 'p', restartPolicy: 'Always' }];
    const initContainerStatuses = [entry('proxy', runs(6))];
    const status = { phase: 'Pending', conditions, initContainerStatuses };
    expect(preparingOf(pod(status, { initContainers, containers }))).toMatchObject({
      ...{ container: 'web', sinceMs: ms(6) },
    });
  });
});
