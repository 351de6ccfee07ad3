import type { Clock } from '../core/clock.ts';
import type { Probe, ProbeEvent, ProbeTarget } from './engine.ts';
import { httpLine } from './http.ts';
import { memberLine } from './member.ts';
import { LineProbe } from './probe.ts';
import { tcpLine } from './tcp.ts';

/** The probe that the target's engine asks for. It does nothing before its first beat. */
export function createProbe(
  target: ProbeTarget,
  clock: Clock,
  onEvent: (event: ProbeEvent) => void,
): Probe {
  const { protocol, engine } = target;
  const openLine =
    protocol !== undefined ? memberLine : engine.type === 'HTTP' ? httpLine : tcpLine;
  return new LineProbe((events) => openLine(target, clock, events), clock, onEvent);
}
