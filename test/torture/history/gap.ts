import type { Ack } from './history.ts';

/**
 * The longest time without an acknowledgement that overlaps the period. Milliseconds.
 *
 * @param acks in the order of their ends. @param from time of the first fault. @param to time at which the clients were stopped.
 */
export function longestGapMs(
  acks: readonly Pick<Ack, 'ended'>[],
  from: number,
  to: number,
): number {
  let last = from;
  let longest = 0;
  for (const { ended } of acks) {
    if (ended > to) break;
    // The gap that contains the fault began before it.
    if (ended >= from) longest = Math.max(longest, ended - last);
    last = ended;
  }
  return Math.max(longest, to - last);
}
