import { isLive } from './member.ts';
import type { Member, Resource } from './observed.ts';

/** This process has no verdict yet: it has only begun to probe the member. */
const isUnjudged = ({ health }: Member) =>
  health === undefined || (health.verdict === 'Unknown' && health.cause === undefined);

/**
 * A new operator process has no verdict about any member, which must not empty the Services: until it has verdicts of its own
 * (after heartbeat.timeout at most) it inherits the health that its predecessor has written into the status. Elections and
 * deletions ignore inherited health: they need a verdict of this process.
 */
export function inheritHealth(resource: Resource, members: Member[]): Member[] {
  const known = new Set(
    resource.status.members?.flatMap(({ uid, health }) => (health === 'Healthy' ? [uid] : [])),
  );
  return members.map((member) =>
    known.has(member.uid) && isUnjudged(member) && isLive(member) && member.ip !== undefined
      ? { ...member, inheritsHealth: true }
      : member,
  );
}
