import type { Clock } from '../lib/clock.ts';
import type { Probe, ProbeEvent, ProbeTarget } from './probe.ts';
import { grpcReportConnection } from './grpc/report-connection.ts';
import { httpReportConnection } from './report-connection.ts';
import { healthCheckConnection } from './health-check-connection.ts';
import { ReconnectingProbe } from './reconnecting-probe.ts';

/** Creates the probe for the target's engine. It opens no connection before its first beat. */
export function createProbe(
  target: ProbeTarget,
  clock: Clock,
  onEvent: (event: ProbeEvent) => void,
): Probe {
  const { protocol } = target;
  const open =
    protocol === undefined
      ? healthCheckConnection
      : protocol.grpc === true
        ? grpcReportConnection
        : httpReportConnection;
  return new ReconnectingProbe((events) => open(target, clock, events), clock, onEvent);
}
