import type { Clock } from '../lib/clock.ts';
import { createProbe } from '../member-client/create-probe.ts';
import { StallMeter } from './stall-meter.ts';

/** What the monitor needs of its machine. The simulator has a network and a machine of its own. */
export interface MonitorPorts {
  createProbe: typeof createProbe;
  /** Calls back when all that had already arrived has been read. */
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
