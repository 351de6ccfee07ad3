import type { EngineSpec } from '../api/engine-spec.ts';
import type { MemberReport } from '../protocol/member-protocol.ts';

export interface ProbeTarget {
  /** IP address of the member. */
  host: string;
  port: number;
  engine: EngineSpec;
  /** Where the member speaks the member protocol: it is asked for its report instead. */
  protocol?: ProtocolTarget;
}

export interface ProtocolTarget {
  /** UID of the pod that should answer. */
  uid: string;
  /** Over gRPC. Default: over HTTP. */
  grpc?: boolean;
  /** The epoch, and a grant of time where there is one. Called when a question is about to be sent. */
  headers(): Record<string, string>;
}

export type ProbeEvent =
  /** The member answered well, `rttMs` after it was asked. */
  | { type: 'answer'; rttMs: number; report?: MemberReport }
  /** It answered, but wrongly. */
  | { type: 'badAnswer'; message: string; report?: MemberReport }
  /** A new connection was refused: nothing listens. */
  | { type: 'refused'; message: string }
  /** The member ended an open connection. No verdict in itself: a new one is tried at once. */
  | { type: 'closed'; message: string }
  /** The network says that there is no way to the member. Counts as silence. */
  | { type: 'unreachable'; message: string }
  /** The operator itself could not ask, for example for want of file descriptors. Never counts against the member. */
  | { type: 'fault'; message: string };

export interface Probe {
  /** One heartbeat now. Events come through the callback given at creation, never during this call. */
  beat(): void;
  /** Ends all connections. No event comes afterwards. */
  close(): void;
}
