import type { Clock } from '../core/clock.ts';
import type { Probe, ProbeEvent, ProbeTarget } from './engine.ts';
import { healthLine } from './grpc/health.ts';
import { grpcMemberLine } from './grpc/member.ts';
import { httpLine } from './http.ts';
import type { Line, LineEvents } from './line.ts';
import { memberLine } from './member.ts';
import { LineProbe } from './probe.ts';
import { tcpLine } from './tcp.ts';

/** The probe that the target's engine asks for. It does nothing before its first beat. */
export function createProbe(
  target: ProbeTarget,
  clock: Clock,
  onEvent: (event: ProbeEvent) => void,
): Probe {
  const open = lineOf(target);
  return new LineProbe((events) => open(target, clock, events), clock, onEvent);
}

function lineOf({
  protocol,
  engine: { type },
}: ProbeTarget): (target: ProbeTarget, clock: Clock, events: LineEvents) => Line {
  if (protocol === undefined) {
    return type === 'GRPC' ? healthLine : type === 'HTTP' ? httpLine : tcpLine;
  }
  return protocol.grpc === true ? grpcMemberLine : memberLine;
}
