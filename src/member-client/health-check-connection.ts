import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './probe.ts';
import { grpcHealthConnection } from './grpc/health.ts';
import { httpConnection } from './http.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';
import { tcpConnection } from './tcp.ts';

/** The probe connection to a program that does not speak the member protocol: the health check of its engine. */
export function healthCheckConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  switch (target.engine.type) {
    case 'HTTP':
      return httpConnection(target, clock, events);
    case 'GRPC':
      return grpcHealthConnection(target, clock, events);
    default:
      return tcpConnection(target, clock, events);
  }
}
