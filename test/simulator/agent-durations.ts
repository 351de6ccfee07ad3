import type { OrderKind } from '../../src/protocol/member-protocol.ts';
import type { Random } from './random.ts';

/** How long things take in a member, mostly. Milliseconds. */

/** No copy takes longer: a life must converge. */
const longestMs = 60_000;

export function orderMs(kind: OrderKind, random: Random): number {
  if (random.chance(0.03)) return random.between(500, 6_000);
  return kind === 'promote' ? random.between(5, 200) : random.between(1, 60);
}

/** To become a copy of its leader. */
export const cloneMs = (random: Random, slowness: number): number =>
  slowed(random.chance(0.2) ? random.between(1_500, 8_000) : random.between(50, 1_500), slowness);

/** To write down what it has in memory. */
export const rewriteMs = (random: Random, slowness: number): number =>
  slowed(random.chance(0.3) ? random.between(1_000, 20_000) : random.between(5, 500), slowness);

/** As with more data, or a slower disk. */
const slowed = (ms: number, slowness: number): number =>
  slowness === 1 ? ms : Math.min(ms * slowness, longestMs);
