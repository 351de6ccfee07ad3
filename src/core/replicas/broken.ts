import { durationMs } from '../../api/duration.ts';
import { isHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { judgeSilence } from '../model/deafness.ts';

/** How long a member must be silent to count as broken if no member answers, as the operator's own network may be the cause. Milliseconds. */
const deafMs = 30_000;

/** Broken, or not known to be; `untilMs`: when that changes, if the member does not answer before. */
export type Brokenness = { isBroken: true } | { isBroken: false; untilMs?: number };

/**
 * Whether a member is broken: it can be replaced, or is deleted first if there are too many, and nothing that works is lost. Update
 * and scale-down use this. There must be evidence: the kubelet or the scheduler reports that the pod cannot start, its answers say
 * that it is not well, nothing listens on its port, or it is silent and the operator's own network is not the cause. A member that
 * has not answered yet is not broken, as after a start of the operator no member has; its silence counts after heartbeat.timeout
 * in which others answered.
 */
export function brokenness(
  resource: Resource,
  observed: Observed,
  member: Member,
  nowMs: number,
): Brokenness {
  if (isHealthy(member)) return { isBroken: false };
  const { health } = member;
  // A container that waits, in a pod that runs, may be another one than the program's.
  const cannotStart = member.phase === 'Pending' || member.unschedulable !== undefined;
  if (cannotStart || health?.verdict === 'Unhealthy') return { isBroken: true };
  // It is never asked, and so never well: an update and a scale-down must not wait for that.
  if (member.isAgentUnseen === true) return { isBroken: true };
  if (health === undefined) return { isBroken: false };
  const timeoutMs = durationMs(resource.spec.heartbeat.timeout);
  const isDead = health.verdict === 'Dead';
  const since = health.sinceWallMs;
  const silence = judgeSilence(resource, observed, since, 'Members');
  const { connectedSinceMs = -Infinity } = observed;
  let dueMs = Math.max(since, connectedSinceMs) + deafMs;
  if (health.cause === 'Refused') dueMs = isDead ? since : since + timeoutMs;
  else if (Number.isFinite(silence.countsFromMs)) {
    dueMs = isDead ? silence.certainAtMs : silence.countsFromMs + timeoutMs;
  }
  return nowMs >= dueMs ? { isBroken: true } : { isBroken: false, untilMs: dueMs };
}
