import { longestTimerMs } from '../lib/clock.ts';

/** How much earlier than the kubelet ends the container the agent ends the program. Milliseconds. */
const earlyMs = 2_000;
/** In a pod of an earlier version, which does not say its grace period. Milliseconds. */
const unknownStopMs = 8_000;

/** How long the program may take to end in order, such as a database that writes a checkpoint. Milliseconds. */
export function stopMsOf(graceSeconds: number | undefined): number {
  if (graceSeconds === undefined) return unknownStopMs;
  const graceMs = graceSeconds * 1_000;
  return Math.min(Math.max(graceMs - earlyMs, graceMs / 2), longestTimerMs);
}
