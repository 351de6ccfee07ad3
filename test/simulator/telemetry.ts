import type { ControlLoopMetrics } from '../../src/controller/control-loop.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import type { Kernel } from './kernel.ts';

/** The operator's log as lines of the trace. */
export function traceLog(kernel: Kernel, place: string): Log {
  if (kernel.trace === undefined) return silentLog;
  const line = (fields: object, message: string) =>
    kernel.note(place, () => `${message} ${JSON.stringify(fields, withMessages)}`);
  const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log };
  return log;
}

const withMessages = (_key: string, value: unknown) =>
  value instanceof Error ? value.message : value;

export const noMetrics: ControlLoopMetrics = {
  workQueue: () => ({ added() {}, depth() {}, waited() {}, worked() {}, retried() {} }),
  heartbeat: { heartbeat() {}, roundTrip() {}, stalled() {} },
  reconcileStarted() {},
  reconcileEnded() {},
  setService() {},
  forgetService() {},
  failover() {},
  failoverPhase() {},
  expectExperiments() {},
  experiment() {},
  hookCalled() {},
  settingsValid() {},
};
