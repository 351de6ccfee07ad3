import { durationMs } from '../../api/duration.ts';
import { isHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { judgeSilence } from '../model/deafness.ts';

/** How long silence lasts before it is believed of a member while nobody at all is heard: then it may be our own. Milliseconds. */
const deafMs = 30_000;

/** Broken, or not known to be; `untilMs`: when more is known, if nothing is heard until then. */
export type Brokenness = { isBroken: true } | { isBroken: false; untilMs?: number };

/**
 * Whether a member is broken: it can be replaced, or goes first when there are too many, and nothing is lost that works. Asked by
 * update and scale-down. There must be evidence: the kubelet or the scheduler says that the pod cannot start, it answers
 * that it is not well, nothing listens on its port, or it is silent and that silence is not the operator's own. A member that
 * was not heard yet is not broken, as after a start of the operator nobody has been heard; its silence counts after the
 * heartbeat's timeout in which others were heard.
 */
export function brokenness(
  resource: Resource,
  observed: Observed,
  member: Member,
  nowMs: number,
): Brokenness {
  if (isHealthy(member)) return { isBroken: false };
  const { health } = member;
  const cannotStart = member.waiting !== undefined || member.unschedulable !== undefined;
  if (cannotStart || member.phase === 'Pending' || health?.verdict === 'Unhealthy') {
    return { isBroken: true };
  }
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
