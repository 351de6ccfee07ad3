import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../probe.ts';
import type { ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import { emitReport } from '../report-connection.ts';
import { type GrpcAnswer, grpcStatus } from './call.ts';
import { askOverGrpc } from './probe-connection.ts';
import { decodeReport, statusPath } from './messages.ts';
import { reportIn } from './trailers.ts';

/** As httpReportConnection, but over gRPC: OK with a report is healthy, UNAVAILABLE with a report is not. */
export function grpcReportConnection(
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
        events.badAnswer(`the member answered without a report: ${report}`);
      } else {
        emitReport(report, { well, rttMs, uid: protocol?.uid }, events);
      }
    },
  });
}

function reportOf({ status, text, trailers }: GrpcAnswer) {
  return (status === grpcStatus.unavailable ? reportIn(trailers) : undefined) ?? text;
}
