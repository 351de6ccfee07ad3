import type { MemberReport, Refusal } from '../../src/api/member-protocol.ts';

/** Where a process runs. */
export interface AgentPod {
  name: string;
  uid: string;
  place: string;
  ip: string;
}

export type Answer = { report: MemberReport } | { refusal: Refusal; report: MemberReport };
