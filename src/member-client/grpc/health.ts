import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../probe.ts';
import type { ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import { grpcStatus } from './call.ts';
import { askOverGrpc } from './probe-connection.ts';
import { decodeHealth, encodeHealthRequest } from './health-message.ts';

/**
 * Checks health by the gRPC health checking protocol: SERVING is healthy, anything else is a wrong answer.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function grpcHealthConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const service = target.engine.grpc?.service ?? '';
  return askOverGrpc(target, clock, events, {
    path: '/grpc.health.v1.Health/Check',
    message: encodeHealthRequest(service),
    judge: ({ status, text, message }, rttMs) => {
      const name = status === grpcStatus.ok ? servingStatus(message) : text;
      if (name === 'SERVING') events.answer(rttMs);
      else if (status === grpcStatus.unimplemented) {
        events.badAnswer(`${name} (the program has no grpc.health.v1.Health: add it)`);
      } else if (status === grpcStatus.notFound) {
        events.badAnswer(
          `${name} (the program knows no service '${service}': set engine.grpc.service)`,
        );
      } else events.badAnswer(`the health of the program: ${name}`);
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
