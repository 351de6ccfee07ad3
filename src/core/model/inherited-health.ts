import { isLive } from './member.ts';
import type { Member, Resource } from './observed.ts';

/** Neither heard nor found silent yet: this process has only begun to ask. */
const isUnjudged = ({ health }: Member) =>
  health === undefined || (health.verdict === 'Unknown' && health.cause === undefined);

/**
 * A new operator has heard nobody yet, which is no reason to take everybody out of the Services: until it has a verdict of
 * its own (heartbeat.timeout at the most) the word of the last one, in the status, stands. Not for elections and not for
 * deleting: there only what was heard counts.
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
