import type { Ack, History } from './history.ts';

/** A period in which one member may have taken writes, and no other. Milliseconds. */
interface Period {
  /** Addresses of the member. */
  leader: readonly string[];
  from: number;
  to: number;
}

/**
 * Finds the writes that a member acknowledged after another had already acknowledged writes as its successor.
 *
 * The time is divided among the leaders, in the order in which they were committed, so that each acknowledgement falls into a
 * period of the member that gave it; an acknowledgement that fits into no period was given by a second primary. A write takes
 * effect at one moment between its start and its end. A leader's period ends as late as possible: when the first write that
 * was sent within it is acknowledged by another. A write that is SENT later and acknowledged by the old leader is dual. A later
 * end of a period would leave fewer writes to the next ones, so if this division fails, every other fails, too. A leader that
 * never acknowledged anything is skipped.
 *
 * @param acks in the order of their ends.
 */
export function dualAcks(acks: readonly Ack[], leaders: History['leaders']): Ack[] {
  const dual: Ack[] = [];
  const periods: Period[] = [{ leader: leaders[0] ?? [], from: -Infinity, to: Infinity }];
  let at = 0;
  for (const ack of acks) {
    if (periods.some((period) => isIn(ack, period))) continue;
    const next = leaders.findIndex((leader, i) => i > at && leader.includes(ack.answeredBy));
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

const isIn = ({ answeredBy, sent, ended }: Ack, { leader, from, to }: Period): boolean =>
  leader.includes(answeredBy) && from <= ended && sent <= to;
