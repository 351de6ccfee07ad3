import type { Clock } from '../lib/clock.ts';
import type { Probe, ProbeEvent, ProbeTarget } from './engine.ts';
import { grpcMemberLine } from './grpc/member.ts';
import { memberLine } from './member.ts';
import { plainConnection } from './plain-connection.ts';
import { LineProbe } from './probe.ts';

/** The probe that the target's engine asks for. It does nothing before its first beat. */
export function createProbe(
  target: ProbeTarget,
  clock: Clock,
  onEvent: (event: ProbeEvent) => void,
): Probe {
  const { protocol } = target;
  const openLine =
    protocol === undefined ? plainConnection : protocol.grpc === true ? grpcMemberLine : memberLine;
  return new LineProbe((events) => openLine(target, clock, events), clock, onEvent);
}
