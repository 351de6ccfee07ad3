import { durationMs } from '../../api/duration.ts';
import { hasEnded, isHealthy, isLive } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/**
 * Since when this process can certainly receive heartbeats: it reaches the API server, and at least one member has answered without a
 * break. Silence from before may have been caused by the operator's own node or network. Epoch milliseconds; Infinity if no member
 * answers.
 */
function hasHeardSinceMs({ members, connectedSinceMs = -Infinity }: Observed): number {
  const sound = members
    .filter(isHealthy)
    .map(({ health }) => health?.healthyOrSuspectSinceWallMs ?? health?.sinceWallMs ?? Infinity);
  return Math.max(connectedSinceMs, Math.min(Infinity, ...sound));
}

/** Whether a member's silence may be caused by the operator's own network. All times in epoch milliseconds. */
export interface Silence {
  /** No member answered when it began, or the API server could not be reached: the operator's own network may be the cause. */
  mayBeOwn: boolean;
  /** Since when others answer and this member does not; Infinity while no member answers. */
  countsFromMs: number;
  /**
   * From when the member is certainly the cause: a living one answers within the timeout, and a Dead one is Healthy again after two
   * answers. Infinity while no member answers.
   */
  certainAtMs: number;
}

/**
 * Whether a silence is caused by the member or by the operator's own network. Every decision that removes a silent member from a
 * Service, takes its role, replaces or kills it depends on this. It uses three facts: since when the API server can be reached,
 * since when some member has answered without a break, and heartbeat.timeout. Before an election is written, the reconcile also
 * sends a request to the API server.
 *
 * @param sinceMs when the silence began, or was found
 * @param tie the cause if another member answers since exactly that millisecond: the operator's own network or the member
 */
export function judgeSilence(
  resource: Resource,
  observed: Observed,
  sinceMs: number,
  tie: 'Own' | 'Members' = 'Own',
): Silence {
  const hearingMs = hasHeardSinceMs(observed);
  const { timeout, interval } = resource.spec.heartbeat;
  const recoveryMs = durationMs(timeout) + 2 * durationMs(interval);
  const mayBeOwn = hearingMs > sinceMs || (hearingMs === sinceMs && tie === 'Own');
  return {
    mayBeOwn,
    countsFromMs: Math.max(hearingMs, sinceMs),
    certainAtMs: mayBeOwn ? hearingMs + recoveryMs : sinceMs,
  };
}

/**
 * Until when a silent member stays in the Services, because the operator's own network may be the cause. Infinity while no member
 * answers; undefined if the member is the cause. Epoch milliseconds.
 */
export function keepsEndpointUntilMs(
  resource: Resource,
  observed: Observed,
  member: Member,
): number | undefined {
  const { health } = member;
  if (health?.verdict !== 'Dead' || health.cause !== 'Silent') return undefined;
  if (!isLive(member) || hasEnded(member)) return undefined;
  const { mayBeOwn, certainAtMs } = judgeSilence(resource, observed, health.sinceWallMs);
  return mayBeOwn ? certainAtMs : undefined;
}
