import type { Clock } from '../../src/lib/clock.ts';
import type { Kernel } from './kernel.ts';

/**
 * A machine's clock: it runs a little faster or slower than the truth, and its timers are late.
 *
 * @param after Calls back only while the process runs.
 */
export function ownClock(kernel: Kernel, after: (ms: number, run: () => void) => void): Clock {
  const rate = kernel.random.between(0.995, 1.005);
  const now = () => kernel.nowMs * rate;
  return {
    now,
    wallNow: now,
    after: (ms, callback) => {
      let isOff = false;
      after(ms / rate + kernel.random.between(0, 20), () => {
        if (!isOff) callback();
      });
      return () => {
        isOff = true;
      };
    },
  };
}
