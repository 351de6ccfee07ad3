import { roleLabel } from '../../api/labels.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { needsLease } from '../model/capabilities.ts';
import { takesNoOrders } from '../model/contact.ts';
import type { Removal } from '../model/action.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { judgeSilence } from '../model/deafness.ts';

/** How long a frozen standby may stay frozen before it is replaced; a former primary is replaced at once. */
const frozenAfterMs = 30_000;
/** Grace period for a process that does not react. Not 0: the kubelet must confirm its end. */
const frozenGraceSeconds = 1;

/**
 * Silent members to be deleted, so that they come back as new processes. A former primary is deleted at once, so that it cannot
 * continue as a second primary. Only if another member has answered all the time: otherwise the operator's own network may be the
 * cause, and members that were silent at the same time may answer again. The primary itself only if a failover waits: after
 * a restart it may be the member that the failover needs.
 */
export function frozen(
  resource: Resource,
  observed: Observed,
  live: Member[],
  nowMs: number,
  again: (atMs: number) => void,
): Removal[] {
  const wasPrimary = ({ name, labels, createdAtMs }: Member) =>
    labels[roleLabel] === 'primary' ||
    resource.status.failovers?.some(
      ({ from, startedAt }) => from === name && createdAtMs <= Date.parse(startedAt),
    );
  return live.flatMap((member): Removal[] => {
    const { health } = member;
    if (health?.verdict !== 'Dead' || health.cause !== 'Silent') return [];
    const isPrimary = member.uid === resource.status.primaryUID;
    if (isPrimary && resource.status.fencing === undefined) return [];
    const silence = judgeSilence(resource, observed, health.sinceWallMs, 'Members');
    // No member answers.
    if (!Number.isFinite(silence.countsFromMs)) return [];
    const dueMs =
      wasPrimary(member) && !isPrimary ? silence.certainAtMs : silence.countsFromMs + frozenAfterMs;
    if (nowMs < dueMs) {
      again(dueMs);
      return [];
    }
    const note = `no answer, though others answer (${health.evidence}): a new process takes its place, and a frozen one cannot go on later`;
    return [{ member, reason: 'Frozen', note, gracePeriodSeconds: frozenGraceSeconds }];
  });
}

/**
 * A former primary without an agent, if a failover waits for the proof that it takes no writes: only the end of its pod proves that.
 * Not if its pod could not be created again.
 */
export function unfenceable(resource: Resource, live: Member[]): Removal[] {
  const { spec, status } = resource;
  if (
    status.fencing === undefined ||
    !needsLease(spec) ||
    agentDegradedReasons(resource).length > 0
  ) {
    return [];
  }
  const note = 'it was made without the agent, so that only its end proves that it takes no writes';
  return live
    .filter((member) => member.uid === status.primaryUID && takesNoOrders(spec, member))
    .map((member) => ({ member, reason: 'Unfenceable', note }));
}
