import { durationMs } from '../../api/duration.ts';
import { isHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { missingFollowers } from './sync-sets.ts';

/**
 * How long followers that are well must have been without their leader, at least. A follower that was just told of a leader, or
 * whose connection was reset, needs seconds on a busy machine; and a failover too soon would cut the links anew. Milliseconds.
 */
const leastMs = 10_000;

export interface Isolation {
  trigger: 'Isolated';
  what: string;
  evidence: string;
  /** From when it is a failure: may lie ahead. Epoch milliseconds. */
  atMs: number;
  detectMs: number;
}

/**
 * Strong: a primary that leads and is heard, but whose followers have lost it, so that it can acknowledge nothing: the network
 * between them is cut, not that to the operator. There is a failure where so many of them are well that one can lead and have
 * its writes acknowledged by the others, and from when.
 */
export function isolationOf(
  resource: Resource,
  observed: Observed,
  primary: Member,
): Isolation | undefined {
  const { automatic } = resource.spec.failover;
  const missing = isHealthy(primary) ? missingFollowers(resource, observed, primary) : undefined;
  if (missing === undefined || !automatic) return undefined;
  const { set, absent } = missing;
  const lost = observed.members
    .filter((member) => absent.includes(member.name) && isHealthy(member))
    .flatMap(({ name, health }) =>
      health?.unlinkedSinceWallMs === undefined ? [] : [{ name, at: health.unlinkedSinceWallMs }],
    )
    .sort((a, b) => a.at - b.at);
  const last = lost[set.acks];
  if (last === undefined) return undefined;
  const detectMs = Math.max(leastMs, durationMs(resource.spec.heartbeat.timeout));
  const names = lost.map(({ name }) => name).join(', ');
  return {
    trigger: 'Isolated',
    what: `${primary.name} leads, but ${names} have lost it, so that it can acknowledge no write`,
    evidence: lost.map(({ name, at }) => `${name} since ${new Date(at).toISOString()}`).join(', '),
    atMs: last.at + detectMs,
    detectMs,
  };
}
