import type { EngineSpec } from '../api/engine-spec.ts';
import type { MemberReport } from '../protocol/member-protocol.ts';
import type { Cause, DetectorConfig, Verdict } from './detector.ts';

/** What is known of one member now. */
export interface MemberHealth {
  verdict: Verdict;
  /** Why it is Dead, Unhealthy or Suspect; for an Unknown one why it has not been heard (absent: not asked for long enough). */
  cause?: Cause;
  /** One line for a person: what is wrong, or that all is well. */
  message: string;
  /** Since when the verdict holds. Milliseconds since the Unix epoch. */
  sinceWallMs: number;
  /** Since when it has been Healthy or Suspect without a break, where it is. Milliseconds since the Unix epoch. */
  healthyOrSuspectSinceWallMs?: number;
  /** Its last answer, good or wrong. */
  lastAnswerWallMs?: number;
  /** How long it has been silent, less the operator's own stalls; for an Unknown one since it was first asked. */
  silentMs: number;
  /** Round-trip time of the last good answer. */
  rttMs?: number;
  /** Raised at each recovery from Dead. */
  generation: number;
  /** What was heard, in one line: `connection closed at 12:00:01.123Z (read ECONNRESET), refused at 12:00:01.124Z`. */
  evidence: string;
  /** Refused: the port on which nothing listens. */
  refusedPort?: number;
  /** What it last said of itself, in its present life, where it speaks the member protocol. */
  report?: MemberReport;
  /** When that was heard. Milliseconds since the Unix epoch. */
  reportedAtMs?: number;
  /** Since when it says that it has no link to the leader that it follows. Milliseconds since the Unix epoch. */
  unlinkedSinceWallMs?: number;
}

export interface MonitorMetrics {
  heartbeat(result: 'answer' | 'badAnswer' | 'refused' | 'closed' | 'unreachable' | 'fault'): void;
  roundTrip(ms: number): void;
  stalled(ms: number): void;
}

export interface MonitorConfig {
  engine: EngineSpec;
  detector: DetectorConfig;
  /** Where members speak the member protocol. */
  protocol?: ProtocolConfig;
}

export interface ProtocolConfig {
  epoch: number;
  /** Over gRPC. Default: over HTTP. */
  grpc?: boolean;
  /** Where a leader ends by itself without it: how long a grant lasts, and the UID of the pod that has it. */
  lease?: { ms: number; holder: string | undefined };
}
