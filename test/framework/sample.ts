import type { Connection, Report } from '../workload/client/report.ts';

export type { Connection } from '../workload/client/report.ts';

/** One request of the client. Times in milliseconds since the Unix epoch: all clocks are this machine's. */
export interface Sample {
  /** `new`: a connection of its own; `kept`: one that is used as long as it lives. */
  connection: Connection;
  sentAt: number;
  /** When it was answered, refused, or given up. */
  endedAt: number;
  ok: boolean;
  /** What went wrong: `timeout`, or a code. */
  error?: string;
}

/** A timer is that much late at most on a machine that is not overloaded. Milliseconds. */
const lateMs = 50;

/**
 * A line that the client writes.
 *
 * @param timeoutMs after which the client gives up. @returns the request, and the target that it went to; undefined for
 * a line that is no report, such as an error's, and for a request that was given up late: then the client itself did not
 * run, and the answer may well have been there.
 */
export function parseSample(
  line: string,
  timeoutMs: number,
): { target: string; sample: Sample } | undefined {
  let report: Partial<Report>;
  try {
    report = JSON.parse(line) as Partial<Report>;
  } catch {
    return undefined;
  }
  const { s: target, k: connection, t: sentAt, d: tookMs, ok, e: error } = report;
  if (target === undefined || connection === undefined || ok === undefined) return undefined;
  if (sentAt === undefined || tookMs === undefined) return undefined;
  if (error === 'timeout' && tookMs > timeoutMs + lateMs) return undefined;
  const sample = { connection, sentAt, endedAt: sentAt + tookMs, ok };
  return { target, sample: error === undefined ? sample : { ...sample, error } };
}
