import { isHealthy } from './member.ts';
import type { Observed } from './observed.ts';

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
