import { roleLabel } from '../../api/labels.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { lacksAgent, needsLease } from '../model/capabilities.ts';
import type { Removal } from '../model/action.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { judgeSilence } from '../model/deafness.ts';

/** How long a frozen standby may stay frozen before it is replaced; a former primary is replaced at once. */
const frozenAfterMs = 30_000;
/** Grace for a process that does not react anyway. Not 0: the kubelet must confirm that it has ended. */
const frozenGraceSeconds = 1;

/**
 * Silent members to be killed, so that they come back as new processes. A former primary goes at once: that is
 * what keeps it from waking up as a second primary. Only where another member is heard, and was all the while: else the
 * fault may be ours, and those that were silent with it get time to be heard again. The primary itself only where a failover
 * waits: started again it may be the one that everybody waits for.
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
    // Nobody is heard.
    if (!Number.isFinite(silence.countsFromMs)) return [];
    const dueMs =
      wasPrimary(member) && !isPrimary ? silence.certainAtMs : silence.countsFromMs + frozenAfterMs;
    if (nowMs < dueMs) {
      again(dueMs);
      return [];
    }
    return [
      { member, reason: 'Frozen', note: health.evidence, gracePeriodSeconds: frozenGraceSeconds },
    ];
  });
}

/**
 * A former primary that nothing but its end can stop, where a failover waits for the proof that it takes no writes. Not where it
 * could not be made again.
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
    .filter((member) => member.uid === status.primaryUID && lacksAgent(spec, member))
    .map((member) => ({ member, reason: 'Unfenceable', note }));
}
