import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../engine.ts';
import type { ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import { tellReport } from '../member.ts';
import { type GrpcAnswer, grpcStatus } from './call.ts';
import { askOverGrpc } from './line.ts';
import { decodeReport, statusPath } from './messages.ts';
import { reportIn } from './trailers.ts';

/** As memberLine of ../member.ts, but over gRPC: OK with a report is well, UNAVAILABLE with one is not. */
export function grpcMemberLine(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const { protocol } = target;
  return askOverGrpc(target, clock, events, {
    path: statusPath,
    message: new Uint8Array(),
    metadata: () => protocol?.headers() ?? {},
    judge: (answer, rttMs) => {
      const well = answer.status === grpcStatus.ok;
      const report = well ? decodeReport(answer.message) : reportOf(answer);
      if (typeof report === 'string') {
        events.badAnswer(`the member answered something else: ${report}`);
      } else {
        tellReport(report, { well, rttMs, uid: protocol?.uid }, events);
      }
    },
  });
}

function reportOf({ status, text, trailers }: GrpcAnswer) {
  return (status === grpcStatus.unavailable ? reportIn(trailers) : undefined) ?? text;
}
