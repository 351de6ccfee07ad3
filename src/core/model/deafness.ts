import { durationMs } from '../../api/duration.ts';
import { hasEnded, isHealthy, isLive } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/**
 * Since when this process surely has ears: it reaches the API server, and has heard some member without a break. Silence
 * from before may have been its own: of a cut of its node, or of the network between. Epoch milliseconds; Infinity where it
 * hears nobody.
 */
export function hearingSinceMs({ members, connectedSinceMs = -Infinity }: Observed): number {
  const sound = members
    .filter(isHealthy)
    .map(({ health }) => health?.soundSinceWallMs ?? health?.sinceWallMs ?? Infinity);
  return Math.max(connectedSinceMs, Math.min(Infinity, ...sound));
}

/**
 * Until when the silence of a dead member may be this process's own: nobody at all was heard when it fell silent, and those
 * who are heard again have not been so for the timeout. Infinity as long as nobody is heard; undefined where it is the
 * member's. Epoch milliseconds.
 */
export function sharedUntilMs(
  resource: Resource,
  observed: Observed,
  member: Member,
): number | undefined {
  const { health } = member;
  if (health?.verdict !== 'Dead' || health.cause !== 'Silent') return undefined;
  if (!isLive(member) || hasEnded(member)) return undefined;
  const hearingMs = hearingSinceMs(observed);
  return hearingMs < health.sinceWallMs
    ? undefined
    : hearingMs + durationMs(resource.spec.heartbeat.timeout);
}
