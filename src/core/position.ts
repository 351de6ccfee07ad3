import type { Position } from '../api/member-protocol.ts';
import { reportOf } from './member.ts';
import type { Member } from './observed.ts';

/** By term, then by offset; an unknown one is less than any other. */
export function comparePositions(a: Position | undefined, b: Position | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined);
  }
  return a.term - b.term || a.offset - b.offset;
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
