import type { MemberReport, Rejection } from '../../src/protocol/member-protocol.ts';

/** Where a process runs. */
export interface AgentPod {
  name: string;
  uid: string;
  place: string;
  ip: string;
  /** It was made with an agent: else it is a program that takes writes whoever asks. */
  hasAgent: boolean;
}

export type Answer = { report: MemberReport } | { refusal: Rejection; report: MemberReport };
