import type { Ack } from './history.ts';

/**
 * The longest time without an acknowledgement that any part of the stretch belongs to. Milliseconds.
 *
 * @param acks in the order of their ends. @param from when the first fault came. @param to when the clients were stopped.
 */
export function longestGapMs(acks: readonly Ack[], from: number, to: number): number {
  let last = from;
  let longest = 0;
  for (const { ended } of acks) {
    if (ended > to) break;
    // The gap that the fault falls into began before it.
    if (ended >= from) longest = Math.max(longest, ended - last);
    last = ended;
  }
  return Math.max(longest, to - last);
}
