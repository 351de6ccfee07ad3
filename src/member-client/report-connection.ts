import {
  type MemberReport,
  memberReportSchema,
  protocolPath,
} from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './probe.ts';
import { askOverHttp } from './http.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';

/** How much of an answer that is not a report goes into a message. */
const quotedLength = 80;

/**
 * Asks for a member's report, by the member protocol (src/protocol/member-protocol.ts): 200 with a report is healthy, 503 with a
 * report is not; anything else, and a report of another pod, is a wrong answer.
 */
export function httpReportConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const { protocol } = target;
  return askOverHttp(target, clock, events, {
    path: `${protocolPath}/status`,
    headers: () => ({ accept: 'application/json', ...protocol?.headers() }),
    judge: (status, body, rttMs) => {
      const report = parseReport(body);
      if ((status !== 200 && status !== 503) || typeof report === 'string') {
        const why = typeof report === 'string' ? report : quote(body);
        events.badAnswer(`the agent answered without a report: HTTP ${status} ${why}`);
      } else {
        emitReport(report, { well: status === 200, rttMs, uid: protocol?.uid }, events);
      }
    },
  });
}

/** Emits a report as the answer. `uid`: of the pod that was asked. */
export function emitReport(
  report: MemberReport,
  { well, rttMs, uid }: { well: boolean; rttMs: number; uid: string | undefined },
  events: Pick<ProbeConnectionEvents, 'answer' | 'badAnswer'>,
): void {
  if (report.uid !== undefined && report.uid !== uid) {
    events.badAnswer(`another pod answers, with UID ${report.uid}`);
  } else if (well) {
    events.answer(rttMs, report);
  } else {
    events.badAnswer(
      report.problem?.message ?? 'the member reports that it is not healthy',
      report,
    );
  }
}

/** Parses a report; if the answer is none, returns a short text that says why. */
export function parseReport(body: string): MemberReport | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return quote(body);
  }
  const report = checkReport(json);
  return typeof report === 'string' ? `${quote(body)}: ${report}` : report;
}

/** As parseReport, for JSON that is already parsed. */
export function checkReport(value: unknown): MemberReport | string {
  const parsed = memberReportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join('.')}: ${issue?.message}`;
}

const quote = (body: string): string =>
  JSON.stringify(body.length > quotedLength ? `${body.slice(0, quotedLength)}...` : body);
