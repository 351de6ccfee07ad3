import type { HookKind } from '../../api/engine-spec.ts';
import type { MemberReport, OrderKind } from '../../protocol/member-protocol.ts';
import type { DegradedReason, EventReason, RelayedReason } from '../../api/reasons.ts';
import type { Status } from '../../api/status.ts';
import type { Spec } from '../../api/spec.ts';

/** What the heartbeats say of a member. Produced by src/heartbeat, structurally. */
export interface Health {
  verdict: 'Unknown' | 'Healthy' | 'Suspect' | 'Unhealthy' | 'Dead';
  cause?: 'Refused' | 'Silent' | 'BadAnswer';
  /** Why, for a person. */
  message: string;
  /** Epoch milliseconds since when this verdict stands; for Unknown, since when it is being probed. */
  sinceWallMs: number;
  /** Epoch milliseconds since when it has been Healthy or Suspect without a break, where it is. */
  healthyOrSuspectSinceWallMs?: number;
  /** Milliseconds from the last sign of life to the verdict. */
  silentMs: number;
  /** Raised at each return from the dead: another process, which may have forgotten its role. */
  generation: number;
  evidence: string;
  /** Refused: the port on which nothing listens. */
  refusedPort?: number;
  /** What it last said of itself, in its present life, where it speaks the member protocol. */
  report?: MemberReport;
  /** When that was heard. Epoch milliseconds. */
  reportedAtMs?: number;
  /** Epoch milliseconds since when it says that it follows, but has no link to its leader; where it says so. */
  unlinkedSinceWallMs?: number;
}

/** A pod that this very resource owns. */
export interface Member {
  name: string;
  uid: string;
  ordinal: number;
  /** Labels as they are, of those that the operator sets. */
  labels: Record<string, string>;
  ip?: string;
  node?: string;
  zone?: string;
  /** Whether the node is Ready, as far as the API server knows. */
  nodeReady: boolean;
  phase: string;
  /** The kubelet's readiness of the pod. */
  ready: boolean;
  createdAtMs: number;
  /** Epoch milliseconds by which the pod should be gone, where it is being deleted. */
  deletionAtMs?: number;
  templateHash?: string;
  /** Reason and message of a container that cannot start, as ImagePullBackOff. */
  waiting?: { container: string; reason: string; message: string };
  /** Why the scheduler finds no node. */
  unschedulable?: string;
  /** The kubelet says that every container of it has ended. A phase alone says it not: that of a lost node is written by others. */
  terminated?: boolean;
  /** Port of the agent that it was made with; absent: it was made without. What the spec says now changes nothing about it. */
  agentPort?: number;
  /** How long the lease is that its agent ends a leader by; absent: it ends none. Milliseconds. */
  leaseMs?: number;
  /** Made for one zone alone, to balance the zones. */
  pinned?: boolean;
  health?: Health;
  /** Not judged yet by this process, but healthy in the status that the last one left. See inherited-health.ts. */
  inheritsHealth?: boolean;
}

export interface ZoneView {
  name: string;
  /** Ready, schedulable nodes without a taint that keeps these pods away. */
  nodes: number;
}

/** A Service by one of the names that this resource needs. */
export interface NamedObject {
  uid: string;
  /** Whether its controller is this very resource, by UID. */
  ours: boolean;
  /** Who has it, for a person. */
  owner: string;
  /** Left by a resource of the same name that is gone: Kubernetes is about to delete it. */
  isAwaitingGarbageCollection: boolean;
}

/** A pod that carries our labels or a name that a member needs, but is not ours. */
export interface ForeignPod {
  name: string;
  /** Who has it, for a person. */
  owner: string;
  /** As of a NamedObject. */
  isAwaitingGarbageCollection: boolean;
  /** Epoch milliseconds by which it should be gone, where it is being deleted. */
  deletionAtMs?: number;
}

/**
 * What Kubernetes has made for a Service of ours while that had a selector, set by hand. It stays when the selector goes,
 * and would send traffic to members that should have none. Endpoints are copied into slices again and again, so that
 * both must go.
 */
export interface ForeignEndpoints {
  kind: 'EndpointSlice' | 'Endpoints';
  name: string;
  uid: string;
}

/** A write that the API server refused or that failed; forgotten when the same write succeeds. */
export interface WriteFailure {
  /** What was to be written, as `create Pod web-0`. */
  what: string;
  reason: string;
  message: string;
}

/** Hooks and orders that tell a member its role. */
export type RoleCommandKind = OrderKind | HookKind;

/** What became of a call that tells a member its role. Lost with the process: calls may be repeated. */
export interface RoleCommandState {
  action: RoleCommandKind;
  uid: string;
  generation: number;
  epoch: number;
  state: 'Running' | 'Done' | 'Failed';
  /** How often it has failed in a row. */
  failures: number;
  /** Of the last failure: also while it is tried again. Empty where there was none. */
  message: string;
  /** Epoch milliseconds of the call. */
  calledAtMs: number;
  /** Epoch milliseconds. */
  retryAtMs: number;
}

/** Wall-clock milliseconds of a failover's steps, as this process saw them. */
export interface Timeline {
  epoch: number;
  committedAtMs?: number;
  promotedAtMs?: number;
  repointedAtMs?: number;
  firstSuccessAtMs?: number;
  /** The first answer through the Service is looked for, or was. */
  firstSuccessSought?: boolean;
}

export interface Resource {
  name: string;
  namespace: string;
  uid: string;
  generation: number;
  createdAtMs: number;
  /** Being deleted. */
  deleting: boolean;
  spec: Spec;
  status: Status;
  /** Image that the agent comes from; undefined where the operator does not know its own. */
  agentImage?: string;
}

export interface Observed {
  members: Member[];
  foreignPods: ForeignPod[];
  /** Zones that can take a member. Empty where no node carries the zone label. */
  zones: ZoneView[];
  /** Zone of the operator itself: a primary is best elected elsewhere. */
  operatorZone?: string;
  /** Services by name. */
  services: Record<string, NamedObject>;
  failures: WriteFailure[];
  roleCommands: RoleCommandState[];
  timeline?: Timeline;
  /**
   * Milliseconds from now until the primary's lease has surely run out, where it has one: 0 or less when it has. See
   * lease.ts.
   */
  leaseEndsInMs?: number;
  /**
   * resourceVersion on which this process has written an election that nobody has answered: it may have landed, or land yet,
   * until the resource has another. Until then nobody is promoted: that election may rest on his end.
   */
  unansweredElection?: string;
  /** For tests alone: leave out a part of what makes a failover safe, so that their checker can be seen to find it. */
  unsafe?: 'no-fence' | 'no-quorum';
  /**
   * Epoch milliseconds since when the API server can be reached again, where this process had lost it: silence from
   * before may have been its own.
   */
  connectedSinceMs?: number;
  /** UIDs of the endpoints that the write Service's slice holds now; undefined where there is no slice. */
  writeEndpoints?: string[];
  foreignEndpoints: ForeignEndpoints[];
  /** Whether the pods' addresses are IPv6, as far as pods or slices tell. */
  ipv6: boolean;
}

/** A fault that a person should know, as part of the condition Degraded and as an Event. */
export interface Degradation {
  reason: DegradedReason | RelayedReason;
  message: string;
}

export interface EventNote {
  type: 'Normal' | 'Warning';
  reason: EventReason | RelayedReason;
  action: string;
  note: string;
  /** Name of the pod that it is about as well. */
  pod?: string;
}
