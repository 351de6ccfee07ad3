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
 * Members with corrected terms. A member reports the term of the last order that it received, but its program may follow the log
 * of a later leader without an order: Redis reconnects to an address, and WAIT counts every connected follower. If a member
 * holds everything of one history that another member holds, then its term is at least that of the other.
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

/** How far `position` is behind `leader`, in bytes; undefined if that is not known. */
export function behind(leader: Position | undefined, position: Position | undefined) {
  if (leader === undefined || position === undefined || position.term > leader.term)
    return undefined;
  return Math.max(0, leader.offset - position.offset);
}
