import type { HookKind } from '../../api/engine-spec.ts';
import type { MemberReport, OrderKind } from '../../protocol/member-protocol.ts';
import type { FailoverTimings } from './failover-timings.ts';
import type { KnownFault, WriteFailure } from './fault.ts';
import type { PodContract } from '../../api/pod-contract.ts';
import type { Status } from '../../api/status.ts';
import type { Spec } from '../../api/spec.ts';
import type { ChangeTimes } from './change-times.ts';
import type { ChaosView } from './chaos-view.ts';
import type { ContainerEnd, ContainerWait, NextContainer } from './container-state.ts';
import type { ServiceRole } from './naming.ts';
import type {
  AdditionalSlice,
  ClaimView,
  ForeignEndpoints,
  ForeignPod,
  GivenNames,
  NamedObject,
  OwnedClaim,
  ZoneView,
} from './found-objects.ts';

/**
 * What the heartbeats show of a member. The monitor of src/heartbeat makes one (MemberHealth, the same by structure) for each member
 * in each pass. It is the state at one moment, and never changed: only its words and times count for a decision, and times are
 * wall-clock times of the operator. It has no verdict while the member was not probed for long enough.
 */
export interface Health {
  verdict: 'Unknown' | 'Healthy' | 'Suspect' | 'Unhealthy' | 'Dead';
  cause?: 'Refused' | 'Silent' | 'BadAnswer';
  /** Why, for a person. */
  message: string;
  /** Epoch milliseconds since when this is the verdict; for Unknown, since when the member is probed. */
  sinceWallMs: number;
  /** Epoch milliseconds since when the verdict has been Healthy or Suspect without a break; absent if it is another one. */
  healthyOrSuspectSinceWallMs?: number;
  /** Milliseconds of silence until now. */
  silentMs: number;
  /** Raised at each recovery from Dead: another process, which may not know its role. */
  generation: number;
  evidence: string;
  /** Refused: the port on which nothing listens. */
  refusedPort?: number;
  /** The last report of its present process, if it speaks the member protocol. */
  report?: MemberReport;
  /** When that was received. Epoch milliseconds. */
  reportedAtMs?: number;
  /** Epoch milliseconds since when its reports say that it follows without a link to its leader; absent if they do not. */
  unlinkedSinceWallMs?: number;
}

/**
 * A pod that this very resource owns, with its health. `observe` makes new ones in each pass, from the caches and the monitor, and
 * nothing changes them: decide works on copies. A member that is being deleted stays one until its pod is gone. Fields are absent
 * as long as Kubernetes does not know them.
 */
export interface Member {
  name: string;
  uid: string;
  ordinal: number;
  /** The present values of the labels that the operator sets. */
  labels: Record<string, string>;
  ip?: string;
  node?: string;
  zone?: string;
  /** Whether the node is Ready, as far as the API server knows. */
  nodeReady: boolean;
  /** Why its pod must leave its node soon, in a clause: a cordon, or a taint. */
  leavesNode?: string;
  phase: string;
  /** Why the pod has ended, such as an eviction. */
  endedFor?: string;
  /** The kubelet's readiness of the pod. */
  ready: boolean;
  /** Epoch milliseconds since when the kubelet says that the pod is not ready; absent if it is ready, or that is not known. */
  unreadySinceMs?: number;
  /** What the readiness gate for complete data shows; absent: the pod has no such gate. */
  completeGate?: 'True' | 'False' | 'Unset';
  createdAtMs: number;
  /** Epoch milliseconds by which the pod should be gone; absent if it is not being deleted. */
  deletionAtMs?: number;
  templateHash?: string;
  /** The hash and, after a slash, that of the meaning of the template. Absent: an earlier version of the operator has made the pod. */
  templateMeaning?: string;
  /** The request of a restart for which its pod was made. */
  restartedFor?: string;
  /** What the spec said of its pod when the pod was created. Absent: the pod was created by an earlier version of the operator. */
  contract?: PodContract;
  /** Somebody has changed the annotation with the contract into something else. */
  isContractBroken?: boolean;
  waiting?: ContainerWait;
  lastEnd?: ContainerEnd;
  preparing?: NextContainer;
  /** Epoch milliseconds since when its volumes and network are not set up; absent: they are. */
  notSetUpSinceMs?: number;
  /** Why the scheduler finds no node. */
  unschedulable?: string;
  /** The kubelet has reported the end of every container. The phase is no proof: on a lost node others write it. */
  terminated?: boolean;
  /** Port of the agent that the pod was created with; absent: it was created without an agent. */
  agentPort?: number;
  /** The pod was made with an agent, and its settings are not found in it: somebody has changed it. Nothing is known of the member, and it takes no part. */
  isAgentUnseen?: boolean;
  /** Duration of the lease after which its agent stops a leader; absent: the agent has no lease. Milliseconds. */
  leaseMs?: number;
  /** Its data outlive its pod: the pod has them on a volume. Absent: they end with the pod. */
  keepsData?: boolean;
  /** Secret and key of the password that its pod was created with. */
  passwordSecret?: { name: string; key: string };
  /** The one zone for which the pod was created, to balance the zones. */
  pinnedTo?: string;
  /** Names of its pod, if the pod inherits some, or is to. */
  given?: GivenNames;
  /** Its pod has the label that forbids experiments. */
  isOptedOut?: boolean;
  /** It was well when it was deleted to be replaced. */
  isReplaced?: true;
  health?: Health;
  /** This process has no verdict yet; what the stored status says. See inherited-health.ts. */
  inheritsHealth?: 'Healthy' | 'Unhealthy';
}

/** Hooks and orders that tell a member its role. */
export type RoleCommandKind = OrderKind | HookKind;

/** The last role command of a kind for a pod. A new process may repeat it. Epoch milliseconds. */
export interface RoleCommandState {
  action: RoleCommandKind;
  uid: string;
  generation: number;
  epoch: number;
  /** Of an order to follow: the history of the leader that the order named. */
  history?: string;
  state: 'Running' | 'Done' | 'Failed';
  /** Failures in a row, and when the first of these commands was sent. */
  failures: number;
  failsSinceMs?: number;
  /** Of the last failure, also while it is tried again; or empty. */
  message: string;
  /** A timeout: it may be at work. */
  isLate?: true;
  /** When it was sent. */
  calledAtMs: number;
  /** When it may be sent again after a failure. */
  retryAtMs: number;
}

/**
 * One HAService as a decision sees it. `toResource` makes a new one in each pass from the cached object: the spec is parsed, with all
 * defaults, and the status is in current words, with an epoch that never falls. Nothing changes it; HA_ERR_SPEC_INVALID is thrown
 * there, so that a Resource always has a valid spec.
 */
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
  /** The labels and annotations of the HAService that spec.inherit names. Absent: none. */
  inherited?: GivenNames;
  /** What a user asks for: see user-request.ts. */
  requests?: { chaos?: string; failoverNow?: string; restart?: string; switchover?: string };
  /** Image with the agent; undefined if the operator does not know its own image. */
  agentImage?: string;
}

/**
 * Everything except the resource that a decision depends on. `observe` reads it in each pass from the caches, the monitor and the
 * reconcile state, without effects; nothing changes it. It may be older than the cluster, as caches are: so every write that
 * follows is guarded, and may be decided again.
 */
export interface Observed {
  members: Member[];
  foreignPods: ForeignPod[];
  /** By ordinal. */
  claims: ClaimView[];
  /** Those that are deleted with this resource; absent if there is none. */
  ownedClaims?: OwnedClaim[];
  /** There may be more claims: the operator may not list them, or has not been able to yet. */
  unknownClaims?: 'Refused' | 'NotListed';
  /** Zones that can take a member. Empty if no node has the zone label. */
  zones: ZoneView[];
  /** Zone of the operator itself: an election prefers another zone. */
  operatorZone?: string;
  /** Services by name. */
  services: Record<string, NamedObject>;
  /** Actions that have failed and are still decided. */
  failures: WriteFailure[];
  roleCommands: RoleCommandState[];
  timings?: FailoverTimings;
  /**
   * Milliseconds from now until the primary's lease has certainly ended; 0 or less if it has. Absent if it needs no lease. See
   * heartbeat/lease.ts.
   */
  leaseEndsInMs?: number;
  /**
   * Before the first election: the pod that has led on from before with a lease, and in how many milliseconds that has certainly
   * ended. Absent: there is none.
   */
  earlierLease?: { uid: string; endsInMs: number };
  /**
   * resourceVersion on which this process has written an election without an answer from the API server: until the resource has
   * another resourceVersion, the election may be written, or still be written. Until then no member is promoted: that election may
   * count on the end of the member.
   */
  unansweredElection?: string;
  /** For tests alone: leaves out a part of what makes a failover safe. */
  unsafe?: 'no-fence' | 'no-quorum';
  /**
   * Epoch milliseconds since when the API server can be reached again; absent if it could always be reached. The operator's own
   * network may be the cause of silence from before.
   */
  connectedSinceMs?: number;
  /** UIDs of the endpoints in the write Service's slice, also if an earlier resource of this name has left it; undefined: no slice. */
  writeEndpoints?: string[];
  /** Epoch milliseconds since when this process has seen no other spec. Absent: not known. */
  generationSinceMs?: number;
  /** UIDs of the endpoints of all Services. Absent: there are none. */
  served?: string[];
  /**
   * Endpoints of each Service that this resource is to take over, as nothing controls their pods, and that are no members yet:
   * their programs are not probed. Absent: there are none.
   */
  servedOrphans?: Record<ServiceRole, Member[]>;
  /** Decision.faults of the last decision whose Events were recorded; absent: this process has recorded none. */
  knownFaults?: readonly KnownFault[];
  foreignEndpoints: ForeignEndpoints[];
  /** The slices of this resource besides the usual one of each Service and family: see desiredSlices. */
  additionalSlices: AdditionalSlice[];
  /** Absent without spec.plannedChanges. */
  changeTimes?: ChangeTimes;
  /** What experiments depend on; absent if the spec has no `chaos`. */
  chaos?: ChaosView;
  /** Whether the pods' addresses are IPv6, as far as pods or slices show. */
  ipv6: boolean;
}
