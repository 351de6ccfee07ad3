import type { HealthCheck, Transport } from '../api/pod-contract.ts';
import {
  type MemberReport,
  type ReplicationPassword,
  epochHeader,
  passwordHeader,
  replicationHeader,
} from '../protocol/member-protocol.ts';
import type { Cause, DetectorConfig, Verdict } from './detector.ts';

/** What the monitor knows of one member at the time of the call. It does not change afterwards. */
export interface MemberHealth {
  verdict: Verdict;
  /** Why it is Dead, Unhealthy or Suspect; for an Unknown one why there was no answer (absent: it was not probed for long enough). */
  cause?: Cause;
  /** The state in one line for a person. */
  message: string;
  /** Since when the verdict holds. Milliseconds since the Unix epoch. */
  sinceWallMs: number;
  /** Since when the verdict has been Healthy or Suspect without a break; absent if it is another one. Milliseconds since the Unix epoch. */
  healthyOrSuspectSinceWallMs?: number;
  /** When it last answered, correctly or not. Milliseconds since the Unix epoch. */
  lastAnswerWallMs?: number;
  /** How long it has been silent, without the operator's own stalls; for an Unknown one since it was first probed. */
  silentMs: number;
  /** Round-trip time of the last good answer. */
  rttMs?: number;
  /** Raised at each recovery from Dead. */
  generation: number;
  /** The last events in one line: `last good answer at 12:00:01.023Z, connection refused at 12:00:01.124Z`. */
  evidence: string;
  /** Refused: the port on which nothing listens. */
  refusedPort?: number;
  /** The last report of its present process, if it speaks the member protocol. */
  report?: MemberReport;
  /** When that was received. Milliseconds since the Unix epoch. */
  reportedAtMs?: number;
  /** Since when its reports say that it has no link to the leader that it follows. Milliseconds since the Unix epoch. */
  unlinkedSinceWallMs?: number;
}

/** Counts what the monitor sees, once for each event. Must not throw. */
export interface MonitorMetrics {
  heartbeat(result: 'answer' | 'badAnswer' | 'refused' | 'closed' | 'unreachable' | 'fault'): void;
  roundTrip(ms: number): void;
  stalled(ms: number): void;
}

/** Where a member is asked, and what. */
export interface Contact {
  /** IP address. */
  host: string;
  port: number;
  /** How its health is asked for, if it does not speak the member protocol. */
  engine: HealthCheck;
  /** Over which it speaks the member protocol; absent: it does not. */
  transport?: Transport;
  /** Duration of the lease with which it leads; absent: it leads without one. Milliseconds. */
  leaseMs?: number;
}

/** How the members of one resource are judged, and what those that speak the member protocol are told. */
export interface MonitorConfig {
  detector: DetectorConfig;
  protocol: ProtocolConfig;
}

export interface ProtocolConfig {
  /** Sent with each probe. */
  epoch: number;
  /** The password that every member accepts, by its id; absent: they differ, or have none. Sent with each probe. */
  password?: string | undefined;
  /** Absent: the program has none. Sent with each probe. */
  replicationPassword?: ReplicationPassword | undefined;
  /** UID of the pod that may lead: its lease is renewed, if it was made with one. Absent: no lease is granted now. */
  leaseHolder?: string | undefined;
}

/** The headers that are the same for all members. */
export function protocolHeaders(protocol: ProtocolConfig | undefined): Record<string, string> {
  const { epoch = 0, password, replicationPassword } = protocol ?? {};
  return {
    [epochHeader]: String(epoch),
    ...(password === undefined ? {} : { [passwordHeader]: password }),
    ...(replicationPassword === undefined ? {} : { [replicationHeader]: replicationPassword }),
  };
}
