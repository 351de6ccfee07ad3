import type { BlockedReason } from '../../api/reasons.ts';
import type { Fencing, FailoverRecord } from '../../api/status.ts';
import type { Failure } from './failure.ts';
import { isPlanned } from './failover-backoff.ts';
import { halfCopies } from './half-copies.ts';
import { reportOf } from '../model/member.ts';
import { letLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import { absentKeepsData } from '../resources/kept-data.ts';

/** How many failovers the status remembers. */
const historyLength = 20;

/**
 * What is to be done about the primary now. `planFailover` makes one in each pass. Elect and Fence become a status that the reconcile
 * commits before anything follows from it (commit.ts); the other kinds change nothing but conditions. A plan that was not carried
 * out may be made again. `switchover`: the request of a user that is handled by it.
 */
export type FailoverPlan =
  /** The primary is well, or the service needs none. */
  | { kind: 'None' }
  /** Something may resolve by itself until then: no condition reports it yet. */
  | { kind: 'Wait'; untilMs: number; message: string }
  /** A failover is due and cannot take place: the condition FailoverBlocked says why, and what to do. */
  | { kind: 'Blocked'; reason: BlockedReason; message: string; untilMs?: number }
  /** The old primary must be fenced before its successor is elected: the new epoch begins with that. */
  | { kind: 'Fence'; why: string; fencing: Fencing; switchover?: string }
  /** The winner becomes primary in a new epoch. `record`: absent if no primary has failed. */
  | {
      kind: 'Elect';
      winner: Member;
      why: string;
      epoch: number;
      record?: FailoverRecord;
      switchover?: string;
    };

/** The failover that is running: the newest one, of the present epoch. */
export const inFlight = ({ spec, status }: Resource): FailoverRecord | undefined => {
  const record = status.failovers?.[0];
  const runs =
    record?.outcome === 'Promoting' &&
    record.epoch === status.epoch &&
    status.primary !== undefined &&
    !isActive({ spec }) &&
    spec.replicas > 0;
  return runs ? record : undefined;
};

export const nextEpoch = ({ status }: Resource): number => (status.epoch ?? 0) + 1;

/** The experiment that has hit the primary: then its failure is the operator's own doing. */
function experimentOn({ status }: Resource): { experiment?: number } {
  const { experiment } = status.chaos ?? {};
  const isHit =
    experiment !== undefined &&
    experiment.phase !== 'Announced' &&
    experiment.hits.some(({ uid }) => uid === status.primaryUID);
  return isHit ? { experiment: experiment.id } : {};
}

const heldBy = ({ status }: Resource) =>
  status.conditions?.find((each) => each.type === 'FailoverBlocked' && each.status === 'True');

/**
 * The failover begins to wait, and the stored status does not say so yet. Until it does, the operator must not delete the pod of the
 * primary, such as one that was evicted: the next pass would take that for a deletion by a user, after which no failover waits.
 */
export const isNewlyHeld = (resource: Resource, { kind }: FailoverPlan): boolean =>
  kind === 'Blocked' && heldBy(resource) === undefined;

/** Epoch milliseconds since when a failover that is due is held up, as the stored status says; undefined: it is not. */
export function heldSinceMs(resource: Resource, nowMs: number): number | undefined {
  const sinceMs = Date.parse(heldBy(resource)?.lastTransitionTime ?? '');
  return sinceMs <= nowMs ? sinceMs : undefined;
}

/** What is known of a failover when it begins. */
export function fencingOf(resource: Resource, failure: Failure, nowMs: number): Fencing {
  const { trigger, evidence, atMs, detectMs, isDeleted, request } = failure;
  const heldMs = isPlanned(trigger) ? undefined : heldSinceMs(resource, nowMs);
  const startedMs = Math.min(atMs, heldMs ?? atMs);
  return {
    epoch: nextEpoch(resource),
    ...(resource.status.primary === undefined ? {} : { from: resource.status.primary }),
    trigger,
    evidence,
    startedAt: new Date(startedMs).toISOString(),
    ...(detectMs === undefined ? {} : { detectMs: Math.round(detectMs) }),
    ...(heldMs === undefined ? {} : { waitMs: Math.round(nowMs - startedMs) }),
    ...experimentOn(resource),
    // While it was held up, the operator may have deleted the pod itself, such as one that was evicted.
    ...(isDeleted === true && heldMs === undefined ? { podDeleted: true } : {}),
    ...(request === undefined ? {} : { request }),
  };
}

/** What a failover without a candidate waits for, and what a person can do. */
export function whatHelps(resource: Resource, observed: Observed): string {
  const copies = halfCopies(resource, observed).map(({ name }) => name);
  if (copies.length > 0) {
    return `What ${copies.join(', ')} held before may be old: set failover.onNoCandidate: PromoteAnyway to go on with that`;
  }
  return allLost(resource, observed) ?? 'It goes on when one is healthy';
}

/** What a person can do if no member has data; undefined if one has, or may have. */
export function allLost({ spec }: Resource, { members }: Observed): string | undefined {
  // A member without a pod may have data on its volume.
  const areThere = members.length >= spec.replicas || !absentKeepsData(spec, members);
  const areEmpty = members.every((member) => reportOf(member)?.state === 'Empty');
  return members.length > 0 && areThere && areEmpty
    ? 'All data are lost: put a backup on the volume of one member, or delete the HAService and apply it again to begin with an empty data set'
    : undefined;
}

/** Members could take over, and the user has forbidden them to lead. */
export const neverPrimary = (
  resource: Resource,
  what: string,
  why: string,
  forbidden: Member[],
): FailoverPlan => ({
  kind: 'Blocked',
  reason: 'NeverPrimary',
  message: `${what}; no member that may lead can take over: ${why}. It goes on when one can; to go on with ${forbidden.map(({ name }) => name).join(' or ')}, ${letLead(resource)}`,
});

/** The election that ends it. */
export const electionOf = (
  winner: Member,
  why: string,
  begun: Fencing,
  more: Partial<FailoverRecord> = {},
): FailoverPlan => ({
  kind: 'Elect',
  winner,
  why,
  epoch: begun.epoch,
  record: { ...begun, to: winner.name, ...more, outcome: 'Promoting' },
});

/** History with a new failover on top; one that had not ended is superseded. */
export const withRecord = (history: FailoverRecord[], record: FailoverRecord): FailoverRecord[] =>
  [
    record,
    ...history.map((old) =>
      old.outcome === 'Promoting' ? { ...old, outcome: 'Superseded' as const } : old,
    ),
  ].slice(0, historyLength);
