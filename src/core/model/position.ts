import type { Position } from '../../protocol/member-protocol.ts';
import { reportOf } from './member.ts';
import type { Member } from './observed.ts';

/** By term, then by offset; an unknown one is less than any other. */
export function comparePositions(a: Position | undefined, b: Position | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined);
  }
  return a.term - b.term || a.offset - b.offset;
}

/**
 * Members with what they are known to hold. The term that a member tells is that of the last order which has reached it; but
 * its program may have gone on with the log of a later leader by itself (Redis links again to an address, and its WAIT counts
 * whoever is linked). Whoever holds, of one history, all that another holds is of at least the same term.
 */
export function withTerms(members: Member[]): Member[] {
  const positions = members.flatMap((member) => positionOf(member) ?? []);
  return members.map((member) => {
    const { health } = member;
    const position = health?.report?.position;
    if (health?.report === undefined || position?.history === undefined) return member;
    const { history, offset } = position;
    const held = positions.filter((each) => each.history === history && each.offset <= offset);
    const term = Math.max(...held.map((each) => each.term));
    if (term === position.term) return member;
    const report = { ...health.report, position: { ...position, term } };
    return { ...member, health: { ...health, report } };
  });
}

export const positionOf = (member: Member): Position | undefined => reportOf(member)?.position;

export const describePosition = (position: Position | undefined): string =>
  position === undefined ? 'unknown' : `${position.term}/${position.offset}`;

/** How far `position` is behind `leader`, in bytes; undefined where that cannot be told. */
export function behind(leader: Position | undefined, position: Position | undefined) {
  if (leader === undefined || position === undefined || position.term > leader.term)
    return undefined;
  return Math.max(0, leader.offset - position.offset);
}
