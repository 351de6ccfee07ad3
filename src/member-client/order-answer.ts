import type { MemberReport, Rejection } from '../protocol/member-protocol.ts';

export interface OrderTarget {
  /** IP address of the member. */
  host: string;
  /** Port of the member's agent, or of the program if that speaks the member protocol itself. */
  port: number;
  /** Over gRPC. Default: over HTTP. */
  grpc?: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  /** A grant of the lease, if there is one. */
  headers?: Record<string, string>;
}

/** Answer of a member to an order, over HTTP or gRPC. */
export interface OrderAnswer {
  /** What was sent where, for messages: `order promote http://10.0.0.1:8990/haservice/v1/promote`. */
  what: string;
  /** HTTP status; absent over gRPC. */
  status?: number;
  /** A report: the member has acknowledged, or has begun to. A Rejection, or a member's own reason. A text: any other answer. */
  result:
    { report: MemberReport } | { rejection: Rejection | (string & {}); message: string } | string;
}
