import type { Ack, History } from './history.ts';

/** A stretch of time in which one member, and no other, may have taken writes. Milliseconds. */
interface Period {
  /** Identities of the member. */
  leader: readonly string[];
  from: number;
  to: number;
}

/**
 * Acknowledged by a member at a time when another had already acknowledged writes as its successor.
 *
 * The time is divided among the leaders, in the order in which they were committed, so that each acknowledgement falls into a
 * period of who gave it; what cannot be placed like that was given by two primaries in overlapping times. A write takes
 * effect at one moment between its start and its end. A leader's period ends as late as it can: when the first write that
 * was sent within it ends with another's acknowledgement. From there on any write that is SENT later and is acknowledged by
 * the old leader is dual. Whoever ends a period later leaves fewer writes to the next ones, so that no other division would
 * do where this one does not. A leader that never acknowledged anything is passed over.
 *
 * @param acks in the order of their ends.
 */
export function dualAcks(acks: readonly Ack[], leaders: History['leaders']): Ack[] {
  const dual: Ack[] = [];
  const periods: Period[] = [{ leader: leaders[0] ?? [], from: -Infinity, to: Infinity }];
  let at = 0;
  for (const ack of acks) {
    if (periods.some((period) => isIn(ack, period))) continue;
    const next = leaders.findIndex((leader, i) => i > at && leader.includes(ack.who));
    const last = periods.at(-1);
    if (next === -1 || last === undefined) {
      dual.push(ack);
      continue;
    }
    last.to = ack.ended;
    periods.push({ leader: leaders[next] ?? [], from: ack.ended, to: Infinity });
    at = next;
  }
  return dual;
}

const isIn = ({ who, sent, ended }: Ack, { leader, from, to }: Period): boolean =>
  leader.includes(who) && from <= ended && sent <= to;
