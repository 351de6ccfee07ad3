import type { HealthCheck } from '../api/pod-contract.ts';
import type { MemberReport } from '../protocol/member-protocol.ts';

export interface ProbeTarget {
  /** IP address of the member. */
  host: string;
  port: number;
  engine: HealthCheck;
  /** Set if the member speaks the member protocol: the probe asks for its report. */
  protocol?: ProtocolTarget;
}

export interface ProtocolTarget {
  /** UID of the pod that should answer. */
  uid: string;
  /** Over gRPC. Default: over HTTP. */
  grpc?: boolean;
  /** The epoch, and a grant of the lease if there is one. Called for each request, just before it is sent. */
  headers(): Record<string, string>;
}

export type ProbeEvent =
  /** The member answered as expected, `rttMs` after the request. */
  | { type: 'answer'; rttMs: number; report?: MemberReport }
  /** The member answered, but not as expected. */
  | { type: 'badAnswer'; message: string; report?: MemberReport }
  /** A new connection was refused: nothing listens. */
  | { type: 'refused'; message: string }
  /** The member ended an open connection. Not a failure in itself: the probe opens a new one at once. */
  | { type: 'closed'; message: string }
  /** The network reports that it has no route to the member. Counts as no answer. */
  | { type: 'unreachable'; message: string }
  /** The operator could not ask, for example as it has no file descriptors left. Never counts against the member. */
  | { type: 'fault'; message: string };

/**
 * Asks one member for a sign of life. The heartbeat monitor creates one per member (create-probe.ts), calls `beat` at each
 * interval, and closes it if the member leaves or its address changes. No method throws: failures come as events.
 */
export interface Probe {
  /** Sends one heartbeat now. Events come through the callback given at creation, never during this call. */
  beat(): void;
  /** Ends all connections. No event comes afterwards. */
  close(): void;
}
