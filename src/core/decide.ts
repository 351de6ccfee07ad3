import type { FailoverRecord, Status } from '../api/status.ts';
import { ordinalLabel, roleLabel } from '../api/labels.ts';
import type { Action } from './action.ts';
import { desiredBudget, desiredService, desiredSlice, endpointsOf } from './children.ts';
import { notesOf } from './events.ts';
import { type FailoverPlan, inFlight, planFailover, withRecord } from './failover.ts';
import type { Manifest } from './manifest.ts';
import { isLive, primaryOf } from './member.ts';
import { type ServiceRole, selectorLabels, serviceNames } from './naming.ts';
import type { EventNote, Member, Observed, Resource } from './observed.ts';
import { desiredPod } from './pod.ts';
import { findProblems, nextProblemAtMs } from './problems.ts';
import { planReplicas } from './replicas.ts';
import { planRoles } from './roles.ts';
import { completed, nextStatus, roleOf } from './status.ts';

export interface Decision {
  /**
   * Set where a primary was elected: this status must land, guarded by resourceVersion, before anything is done about
   * it. Then decide again.
   */
  commit?: { status: Status; plan: Extract<FailoverPlan, { kind: 'Elect' }> };
  actions: Action[];
  status: Status;
  events: EventNote[];
  /** Epoch milliseconds at which to look again, if nothing happens before. */
  requeueAtMs?: number;
}

/**
 * How long a promotion may take before the write Service loses its endpoint. kube-proxy writes its rules at most once
 * a second (its minSyncPeriod), so that an emptied slice would hold up the one that follows it; below this time the
 * switch is one write.
 */
const emptySliceAfterMs = 500;
/** How long a failover's record waits for the first answer through the Service. */
const firstSuccessWaitMs = 3_000;

/** Decides what to do about one resource. Pure: the same arguments give the same decision. */
export function decide(resource: Resource, observed: Observed, nowMs: number): Decision {
  const failover = planFailover(resource, observed, nowMs);
  if (failover.kind === 'Elect' && !resource.spec.paused && !resource.deleting) {
    return commit(resource, observed, failover, nowMs);
  }
  const primary = primaryOf(resource, observed.members);
  const roles = planRoles(resource, observed, primary, nowMs);
  const replicas = planReplicas(resource, observed, nowMs);
  const writes = writeEndpoints(resource, observed, primary, roles.promoted, nowMs);
  const repointed = primary !== undefined && (observed.writeEndpoints ?? []).join() === primary.uid;

  const actions: Action[] = [];
  if (!resource.spec.paused && !resource.deleting) {
    actions.push(...roles.calls.map((call): Action => ({ type: 'CallHook', call })));
    actions.push(...children(resource, observed, primary, writes.endpoints));
    actions.push(...relabel(resource, observed.members));
    actions.push(
      ...replicas.remove.map((removal): Action => ({ type: 'DeletePod', removal })),
      ...replicas.create.map((ordinal): Action => {
        const role = resource.spec.topology === 'ActiveActive' ? 'active' : 'standby';
        return {
          type: 'CreatePod',
          manifest: desiredPod(resource, ordinal, role, replicas.zone),
        };
      }),
    );
  }

  const record = inFlight(resource);
  const ended =
    record !== undefined && roles.promoted && repointed && successSettled(observed, record, nowMs);
  const status = nextStatus(
    ended ? withOutcome(resource, completed(record, observed.timeline)) : resource,
    observed,
    {
      primary,
      failover,
      promoted: roles.promoted,
      repointed,
      problems: findProblems(resource, observed, nowMs),
      progress: progressOf(actions, record),
      moveStarted: replicas.moveStarted && actions.length > 0,
    },
    nowMs,
  );
  return {
    actions,
    status,
    events: notesOf(resource, status),
    ...earliest(nowMs, [
      failover.kind === 'Wait' || failover.kind === 'Blocked' ? failover.untilMs : undefined,
      roles.requeueAtMs,
      replicas.requeueAtMs,
      writes.requeueAtMs,
      nextProblemAtMs(observed, nowMs),
      record !== undefined && repointed ? nowMs + 100 : undefined,
    ]),
  };
}

function commit(
  resource: Resource,
  observed: Observed,
  plan: Extract<FailoverPlan, { kind: 'Elect' }>,
  nowMs: number,
): Decision {
  const { winner, record } = plan;
  const history = resource.status.failovers ?? [];
  const elected: Resource = {
    ...resource,
    status: {
      ...resource.status,
      primary: winner.name,
      primaryUID: winner.uid,
      epoch: (resource.status.epoch ?? 0) + 1,
      ...(record === undefined
        ? {}
        : { failovers: withRecord(history, record), lastFailoverTime: record.startedAt }),
    },
  };
  const status = nextStatus(
    elected,
    observed,
    {
      primary: winner,
      failover: { kind: 'None' },
      promoted: false,
      repointed: false,
      problems: findProblems(resource, observed, nowMs),
      progress: [`${winner.name} is being made primary`],
      moveStarted: false,
    },
    nowMs,
  );
  return { commit: { status, plan }, actions: [], status, events: notesOf(resource, status) };
}

const withOutcome = (resource: Resource, record: FailoverRecord): Resource => ({
  ...resource,
  status: {
    ...resource.status,
    failovers: [record, ...(resource.status.failovers ?? []).slice(1)],
  },
});

/** Who stands behind the write Service. Undefined: leave it as it is. */
function writeEndpoints(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  promoted: boolean,
  nowMs: number,
): { endpoints?: Member[]; requeueAtMs?: number } {
  if (resource.spec.topology === 'ActiveActive') {
    return { endpoints: endpointsOf(resource, observed.members, undefined).write };
  }
  const current = observed.writeEndpoints;
  if (primary !== undefined && (promoted || current?.includes(primary.uid))) {
    return { endpoints: [primary] };
  }
  if (current === undefined || resource.status.primary === undefined) return { endpoints: [] };
  const record = inFlight(resource);
  if (record === undefined) return {};
  const emptyAtMs = (observed.timeline?.committedAtMs ?? nowMs) + emptySliceAfterMs;
  return nowMs < emptyAtMs ? { requeueAtMs: emptyAtMs } : { endpoints: [] };
}

function children(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  writers: Member[] | undefined,
): Action[] {
  const names = serviceNames(resource.name);
  const free = (role: ServiceRole) => observed.services[names[role]]?.ours !== false;
  const ensure = (manifest: Manifest): Action => ({ type: 'EnsureChild', manifest });
  const endpoints = endpointsOf(resource, observed.members, primary);
  const actions: Action[] = [];
  // The write slice first, alone: whatever follows it waits for kube-proxy's next turn.
  if (writers !== undefined && free('write')) {
    actions.push(ensure(desiredSlice(resource, 'write', writers)));
  }
  for (const role of ['write', 'read', 'all'] as const) {
    if (free(role)) actions.push(ensure(desiredService(resource, role)));
  }
  for (const role of ['read', 'all'] as const) {
    if (free(role)) actions.push(ensure(desiredSlice(resource, role, endpoints[role])));
  }
  actions.push(ensure(desiredBudget(resource)));
  return actions;
}

function relabel(resource: Resource, members: Member[]): Action[] {
  return members.filter(isLive).flatMap((member): Action[] => {
    const labels: Record<string, string> = {
      ...selectorLabels(resource.name),
      [ordinalLabel]: String(member.ordinal),
      [roleLabel]: roleOf(resource, member),
    };
    const same = Object.entries(labels).every(([key, value]) => member.labels[key] === value);
    return same ? [] : [{ type: 'LabelPod', member, labels }];
  });
}

const successSettled = (observed: Observed, record: FailoverRecord, nowMs: number): boolean => {
  const { timeline } = observed;
  if (timeline?.epoch !== record.epoch || timeline.repointedAtMs === undefined) return true;
  return (
    timeline.firstSuccessAtMs !== undefined ||
    timeline.firstSuccessSkipped === true ||
    nowMs > timeline.repointedAtMs + firstSuccessWaitMs
  );
};

function progressOf(actions: Action[], record: FailoverRecord | undefined): string[] {
  const failing = record === undefined ? [] : [`${record.to} is being made primary`];
  return [
    ...failing,
    ...actions.flatMap((action) => {
      if (action.type === 'CreatePod') return [`creating ${action.manifest.metadata.name}`];
      if (action.type === 'DeletePod') {
        return [`deleting ${action.removal.member.name}: ${action.removal.note}`];
      }
      return [];
    }),
  ];
}

function earliest(nowMs: number, times: (number | undefined)[]): { requeueAtMs?: number } {
  const known = times.filter((time) => time !== undefined && Number.isFinite(time)) as number[];
  return known.length === 0 ? {} : { requeueAtMs: Math.max(nowMs, Math.min(...known)) };
}
