import { durationMs } from '../../api/duration.ts';
import { isHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { hearingSinceMs } from '../model/deafness.ts';

/** How long silence lasts before it is believed of a member while nobody at all is heard: then it may be our own. Milliseconds. */
const deafMs = 30_000;

/** What is known of a member besides that it is healthy; `untilMs`: when more is known, if nothing is heard. */
export type Brokenness = { isBroken: true } | { isBroken: false; untilMs?: number };

/**
 * Whether a member is broken: there must be evidence. One that was not heard yet is not, as after a start of the operator
 * nobody has been heard; its silence counts after the heartbeat's timeout in which others were heard.
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
  const hearingMs = hearingSinceMs(observed);
  const { connectedSinceMs = -Infinity } = observed;
  let dueMs = Math.max(since, connectedSinceMs) + deafMs;
  if (health.cause === 'Refused') dueMs = isDead ? since : since + timeoutMs;
  else if (Number.isFinite(hearingMs)) {
    dueMs = isDead && hearingMs <= since ? since : Math.max(since, hearingMs) + timeoutMs;
  }
  return nowMs >= dueMs ? { isBroken: true } : { isBroken: false, untilMs: dueMs };
}
