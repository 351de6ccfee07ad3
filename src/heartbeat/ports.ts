import type { Clock } from '../lib/clock.ts';
import { createProbe } from '../member-client/create-probe.ts';
import { StallMeter } from './stall-meter.ts';

/**
 * What the monitor uses of its machine; the simulator passes models instead. `createStallMeter` is called once, `createProbe` for
 * each member and again when its address or settings change, `afterPendingIo` each time when a verdict is about to change by
 * time alone. None of them may throw. The callbacks of `createProbe` and `createStallMeter` must not be called during the call that
 * passes them; that of `afterPendingIo` may be, if everything that has arrived is read.
 */
export interface MonitorPorts {
  createProbe: typeof createProbe;
  /** Calls back once, when everything that had already arrived is read. */
  afterPendingIo: (callback: () => void) => void;
  createStallMeter: (
    clock: Clock,
    onStall: (ms: number) => void,
  ) => Pick<StallMeter, 'attentiveNow' | 'close'>;
}

export const systemPorts: MonitorPorts = {
  createProbe,
  // A timer runs before the sockets of its own turn of the event loop are polled, and the second turn reads what the first
  // one's handlers made readable.
  afterPendingIo: (callback) => void setImmediate(() => setImmediate(callback)),
  createStallMeter: (clock, onStall) => new StallMeter(clock, onStall),
};
