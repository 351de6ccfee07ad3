import type { Ack, History } from './history.ts';

/** A stretch of time in which one member, and no other, may have taken writes. Milliseconds. */
export interface Period {
  /** Identities of the member. */
  leader: readonly string[];
  from: number;
  to: number;
}

export interface Periods {
  periods: Period[];
  /** Acknowledged by a member at a time when another had already acknowledged writes as its successor. */
  dual: Ack[];
}

/**
 * Divides the time among the leaders, in the order in which they were committed, so that each acknowledgement falls into a
 * period of who gave it; what cannot be placed like that was given by two primaries in overlapping times.
 *
 * A write takes effect at one moment between its start and its end. A leader's period ends as late as it can: when the first
 * write that was sent within it ends with another's acknowledgement. From there on any write that is SENT later and is
 * acknowledged by the old leader is dual. Whoever has ended a period later has left fewer writes to the next ones, so that
 * no other division would do where this one does not. A leader that never acknowledged anything is passed over.
 *
 * @param acks in the order of their ends.
 */
export function dividePeriods(acks: readonly Ack[], leaders: History['leaders']): Periods {
  const dual: Ack[] = [];
  const periods: Period[] = [{ leader: leaders[0] ?? [], from: -Infinity, to: Infinity }];
  let at = 0;
  for (const ack of acks) {
    if (overlaps(periods, ack)) continue;
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
  return { periods, dual };
}

/** Whether one of the periods of its member holds a moment of the operation. */
const overlaps = (
  periods: readonly Period[],
  { who, sent, ended }: { who: string; sent: number; ended: number },
): boolean =>
  periods.some(({ leader, from, to }) => leader.includes(who) && from <= ended && sent <= to);

/** Whether its member had been replaced before it was sent. */
export const isReplaced = (
  periods: readonly Period[],
  operation: { who: string; sent: number; ended: number },
): boolean =>
  !overlaps(periods, operation) &&
  periods.some(({ leader, to }) => leader.includes(operation.who) && to < operation.sent);
