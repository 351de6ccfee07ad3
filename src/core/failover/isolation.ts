import { durationMs } from '../../api/duration.ts';
import { isHealthy, reportOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { missingFollowers } from './sync-sets.ts';

/**
 * How long healthy followers must have had no link to their leader, at least. After an order or a connection reset a follower needs
 * seconds on a busy machine, and an early failover would break the links again. Milliseconds.
 */
const leastMs = 10_000;

export interface Isolation {
  trigger: 'Isolated';
  what: string;
  evidence: string;
  /** From when it counts as a failure; may be in the future. Epoch milliseconds. */
  atMs: number;
  detectMs: number;
}

/**
 * Strong: a primary that leads and answers, but whose followers have lost their links to it, so that it can acknowledge nothing: the
 * network between them is cut, not the network to the operator. It is a failure if so many followers are healthy that one of
 * them can lead and the others can acknowledge its writes.
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
    // One that has not been told of this leader yet has lost another one.
    .filter((member) => reportOf(member)?.epoch === resource.status.epoch)
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
