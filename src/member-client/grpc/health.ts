import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../engine.ts';
import type { ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import { grpcStatus } from './call.ts';
import { askOverGrpc } from './line.ts';
import { decodeHealth, encodeHealthRequest } from './health-message.ts';

/**
 * Asks by the health checking protocol of gRPC: SERVING is well, anything else is a wrong answer.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthLine(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const service = target.engine.grpc?.service ?? '';
  return askOverGrpc(target, clock, events, {
    path: '/grpc.health.v1.Health/Check',
    message: encodeHealthRequest(service),
    judge: ({ status, text, message }, rttMs) => {
      const said = status === grpcStatus.ok ? servingStatus(message) : text;
      if (said === 'SERVING') events.answer(rttMs);
      else if (status === grpcStatus.unimplemented) {
        events.badAnswer(`${said} (the program has no grpc.health.v1.Health: add it)`);
      } else if (status === grpcStatus.notFound) {
        events.badAnswer(
          `${said} (the program knows no service '${service}': set engine.grpc.service)`,
        );
      } else events.badAnswer(`the health of the program: ${said}`);
    },
  });
}

function servingStatus(message: Buffer): string {
  try {
    return decodeHealth(message);
  } catch (error) {
    return `no HealthCheckResponse: ${String(error)}`;
  }
}
