import { isLive } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/** This process has no verdict yet: it has only begun to probe the member. */
const isUnjudged = ({ health }: Member) =>
  health === undefined || (health.verdict === 'Unknown' && health.cause === undefined);

/**
 * A new operator process has no verdict about any member, which must not empty the Services: until it has verdicts of its own
 * (after heartbeat.timeout at most) it inherits the health that its predecessor has written into the status, or into the endpoints
 * that a new resource takes over. Elections and deletions ignore inherited health: they need a verdict of this process.
 */
export function inheritHealth(
  resource: Resource,
  { members, served = [] }: Pick<Observed, 'members' | 'served'>,
): Member[] {
  const known = new Map(resource.status.members?.map(({ uid, health }) => [uid, health]));
  // The endpoints of an earlier resource of this name, or of this one before its status was lost.
  if (resource.status.primaryUID === undefined) {
    for (const uid of served) if (!known.has(uid)) known.set(uid, 'Healthy');
  }
  return members.map((member) => {
    const health = known.get(member.uid);
    if (!isUnjudged(member) || !isLive(member) || member.ip === undefined) return member;
    // No verdict of this process will ever follow.
    if (member.isAgentUnseen === true) return member;
    return health === 'Healthy' || health === 'Unhealthy'
      ? { ...member, inheritsHealth: health }
      : member;
  });
}
