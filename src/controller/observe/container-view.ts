import type { ContainerEnd } from '../../core/model/container-state.ts';
import type { Member } from '../../core/model/observed.ts';
import type { Pod } from '../../kube/api-types.ts';

/** Waiting reasons that every container has before its start. */
const ordinaryWaits = new Set(['ContainerCreating', 'PodInitializing']);

const statusesOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** In the order in which the kubelet starts them. */
const containersOf = ({ spec }: Pod) => [
  ...(spec?.initContainers ?? []).map((container) => ({ ...container, isInit: true })),
  ...(spec?.containers ?? []).map((container) => ({ ...container, isInit: false })),
];

/** Which container cannot start, and what the kubelet says of it. */
export function waitingOf(pod: Pod): Member['waiting'] {
  for (const entry of statusesOf(pod)) {
    const waiting = entry.state?.waiting;
    if (waiting?.reason === undefined || ordinaryWaits.has(waiting.reason)) continue;
    const { reason, message = '' } = waiting;
    const [end] = endsOf(pod, entry);
    return { container: entry.name, reason, message, ...(end === undefined ? {} : { end }) };
  }
  return undefined;
}

/** How a container has ended last; empty if it has not, or when is not known. */
function endsOf(pod: Pod, entry: ReturnType<typeof statusesOf>[number]): ContainerEnd[] {
  const { name, state, lastState, restartCount } = entry;
  const end = state?.terminated ?? lastState?.terminated;
  const finishedAtMs = Date.parse(end?.finishedAt ?? '');
  if (end === undefined || !Number.isFinite(finishedAtMs)) return [];
  const { reason = 'Error', exitCode, message } = end;
  const memoryLimit = containersOf(pod).find((container) => container.name === name)?.resources
    ?.limits?.['memory'];
  return [
    {
      ...{ container: name, reason, exitCode, finishedAtMs },
      // A container that runs has been started once more than it has ended.
      count: restartCount + (state?.running === undefined ? 1 : 0),
      ...(message === undefined ? {} : { message }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    },
  ];
}

/** The latest end of a container. That of an init container which has done its work is none. */
export function lastEndOf(pod: Pod): Member['lastEnd'] {
  const done = new Set(
    (pod.status?.initContainerStatuses ?? []).filter(
      ({ state }) => state?.terminated?.exitCode === 0,
    ),
  );
  const ends = statusesOf(pod).flatMap((entry) => (done.has(entry) ? [] : endsOf(pod, entry)));
  return ends.toSorted((a, b) => b.finishedAtMs - a.finishedAtMs)[0];
}

/** Whether the kubelet has reported the end of every container: PodGC and others write a phase without that. */
export function hasTerminated({ status }: Pod): boolean {
  const containers = status?.containerStatuses ?? [];
  return containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
}

/** The container that the kubelet is about to create, for the first time. */
function nextContainer(pod: Pod) {
  for (const container of containersOf(pod)) {
    const { state, lastState } = statusesOf(pod).find(({ name }) => name === container.name) ?? {};
    const wait = state?.waiting?.reason;
    if (state?.running === undefined && state?.terminated === undefined) {
      const isOrdinary = wait === undefined || ordinaryWaits.has(wait);
      return isOrdinary && lastState?.terminated === undefined ? container : undefined;
    }
    // The next one has to wait for the end of an init container, unless that is a sidecar.
    const isSidecar = container.isInit && container.restartPolicy === 'Always';
    if (container.isInit && !isSidecar && state.terminated?.exitCode !== 0) return undefined;
  }
  return undefined;
}

/** What the kubelet does for a pod that has a node and does not run yet. No object that the operator watches says more. */
export function preparingOf(pod: Pod): Member['preparing'] {
  const { conditions, phase = 'Pending' } = pod.status ?? {};
  const sinceOf = (wanted: string) => {
    const condition = conditions?.find(({ type, status }) => type === wanted && status === 'True');
    return Date.parse(condition?.lastTransitionTime ?? '');
  };
  const scheduledMs = sinceOf('PodScheduled');
  const next = nextContainer(pod);
  if (phase !== 'Pending' || next === undefined || !Number.isFinite(scheduledMs)) return undefined;
  const { name: container, image = '' } = next;
  const setUpMs = sinceOf('PodReadyToStartContainers');
  if (!Number.isFinite(setUpMs)) return { container, image, sinceMs: scheduledMs };
  const before = statusesOf(pod).flatMap(({ state }) =>
    [state?.running?.startedAt, state?.terminated?.finishedAt].map((at) => Date.parse(at ?? '')),
  );
  const sinceMs = Math.max(setUpMs, ...before.filter(Number.isFinite));
  return { container, image, sinceMs, isSetUp: true };
}
