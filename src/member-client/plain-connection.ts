import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './engine.ts';
import { healthLine } from './grpc/health.ts';
import { httpLine } from './http.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';
import { tcpLine } from './tcp.ts';

/** The line to a program that does not speak the member protocol. */
export function plainConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  switch (target.engine.type) {
    case 'HTTP':
      return httpLine(target, clock, events);
    case 'GRPC':
      return healthLine(target, clock, events);
    default:
      return tcpLine(target, clock, events);
  }
}
