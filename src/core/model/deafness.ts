import { durationMs } from '../../api/duration.ts';
import { hasEnded, isHealthy, isLive } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/**
 * Since when this process surely has ears: it reaches the API server, and has heard some member without a break. Silence
 * from before may have been its own: of a cut of its node, or of the network between. Epoch milliseconds; Infinity if it
 * hears nobody.
 */
function hasHeardSinceMs({ members, connectedSinceMs = -Infinity }: Observed): number {
  const sound = members
    .filter(isHealthy)
    .map(({ health }) => health?.healthyOrSuspectSinceWallMs ?? health?.sinceWallMs ?? Infinity);
  return Math.max(connectedSinceMs, Math.min(Infinity, ...sound));
}

/** Whose a silence is. All times in epoch milliseconds. */
export interface Silence {
  /** No member was heard when it began, or the API server could not be reached: it may be this process's own. */
  mayBeOwn: boolean;
  /** From when others are heard, and this member is not; Infinity while nobody is heard. */
  countsFromMs: number;
  /** From when it is surely the member's: a member that lives is heard within the timeout. Infinity while nobody is heard. */
  certainAtMs: number;
}

/**
 * Whether silence is the member's or this process's own. Asked before a silent member is taken out of a Service, relieved of its
 * role, replaced or killed. It rests on three facts: since when the API server can be reached, since when some member is heard
 * without a break, and heartbeat.timeout. Before an election is written, the reconcile loop also asks the API server itself.
 *
 * @param sinceMs when the silence began, or was found
 * @param tie whose it is if the first other member is heard since that very millisecond: this process's own or the member's
 */
export function judgeSilence(
  resource: Resource,
  observed: Observed,
  sinceMs: number,
  tie: 'Own' | 'Members' = 'Own',
): Silence {
  const hearingMs = hasHeardSinceMs(observed);
  const mayBeOwn = hearingMs > sinceMs || (hearingMs === sinceMs && tie === 'Own');
  return {
    mayBeOwn,
    countsFromMs: Math.max(hearingMs, sinceMs),
    certainAtMs: mayBeOwn ? hearingMs + durationMs(resource.spec.heartbeat.timeout) : sinceMs,
  };
}

/**
 * Until when a member that is found silent keeps its place in the Services, as the silence may be this process's own. Infinity as
 * long as nobody is heard; undefined if the silence is the member's. Epoch milliseconds.
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
