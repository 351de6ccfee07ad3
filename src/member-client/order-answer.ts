import type { MemberReport, Refusal } from '../protocol/member-protocol.ts';

export interface OrderTarget {
  /** IP address of the member. */
  host: string;
  /** Of its agent, or of the program where that speaks the member protocol itself. */
  port: number;
  /** Over gRPC. Default: over HTTP. */
  grpc?: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  /** A grant of time, where there is one. */
  headers?: Record<string, string>;
}

/** What a member has answered an order with, whatever it was sent over. */
export interface OrderAnswer {
  /** What was sent where, for messages: `order promote http://10.0.0.1:8990/haservice/v1/promote`. */
  what: string;
  /** Of HTTP. */
  status?: number;
  /** A report: the order is carried out, or has begun to be. A Refusal, but a member may know reasons of its own. A text: anything else. */
  said: { report: MemberReport } | { refusal: Refusal | (string & {}); message: string } | string;
}
