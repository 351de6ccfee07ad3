import type { Candidate } from '../../api/status.ts';
import type { Rejection } from './election.ts';
import type { Member } from '../model/observed.ts';
import { reportOf } from '../model/member.ts';
import { behind, comparePositions, describePosition, positionOf } from '../model/position.ts';

/** The candidates in the record of a failover, in the order of the election. */
export function candidatesOf(ranked: Member[], rejected: Rejection[]): Candidate[] {
  const [winner, ...others] = ranked;
  const known = (member: Member) =>
    reportOf(member) === undefined ? {} : { position: describePosition(positionOf(member)) };
  return [
    ...(winner === undefined
      ? []
      : [{ pod: winner.name, ...known(winner), chosen: true, why: whyFirst(winner, others) }]),
    ...others.map((member) => ({
      pod: member.name,
      ...known(member),
      chosen: false,
      why: winner === undefined ? '' : whyNot(member, winner),
    })),
    ...rejected.map(({ pod, why }) => ({ pod, chosen: false, why })),
  ].map((candidate) => ({ ...candidate, why: candidate.why.slice(0, 256) }));
}

const whyFirst = (winner: Member, others: Member[]): string => {
  if (others.length === 0) return 'the only one that could';
  return others.every((each) => comparePositions(positionOf(winner), positionOf(each)) > 0)
    ? 'the most advanced'
    : 'first by position, template, node, zone and ordinal';
};

function whyNot(member: Member, winner: Member): string {
  const bytes = behind(positionOf(winner), positionOf(member));
  if (bytes !== undefined && bytes > 0) return `${bytes} bytes behind ${winner.name}`;
  return comparePositions(positionOf(winner), positionOf(member)) > 0
    ? `less advanced than ${winner.name}`
    : `as advanced as ${winner.name}, but later by template, node, zone or ordinal`;
}
