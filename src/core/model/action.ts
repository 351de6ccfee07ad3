import type { SteadyState } from '../../api/chaos-spec.ts';
import type { Experiment } from '../../api/chaos-status.ts';
import type { Manifest } from './manifest.ts';
import type { Member } from './observed.ts';
import type { ClaimView, ForeignEndpoints, OwnedClaim } from './found-objects.ts';
import type { RoleCommand } from './role-commands.ts';

/** A member that is to be deleted, and why. */
export interface Removal {
  member: Member;
  reason:
    'ScaleDown' | 'Ended' | 'Frozen' | 'Unfenceable' | 'Outdated' | 'Rebalance' | 'Unplaceable';
  note: string;
  gracePeriodSeconds?: number;
  /** Its volume claims are to be deleted after it. */
  givesUpClaims?: boolean;
}

/** Labels and annotations to be set; null: to be removed. */
export interface InheritedNames {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

/**
 * What is to be done in the cluster. The decision lists actions in the order in which the reconcile executes them
 * (controller/act/execute.ts), after `commit` and only if there is none. Every action may be executed twice, and may be cut off after
 * any write: the next pass decides the rest. One that fails is reported in the condition Degraded and decided again.
 */
export type Action =
  /**
   * Create or change a Service, EndpointSlice or PodDisruptionBudget by a guarded write; no write if it is equal. `mayWait`: it is
   * better written a moment later, but not much later. See isPrimarySuspected.
   */
  | { type: 'EnsureOwnedObject'; manifest: Manifest; mayWait?: boolean }
  /** Write the write Service's EndpointSlice, at once, so that it has these pods, by UID. */
  | { type: 'Repoint'; manifest: Manifest; to: string[] }
  /**
   * Send a hook or an order to a member. The role command runner does that outside of the reconcile; the next decision sees its state
   * in Observed.roleCommands. Members must accept the same command twice.
   */
  | { type: 'GiveRoleCommand'; command: RoleCommand }
  /** Delete endpoints that Kubernetes has made for a Service of this resource, guarded by UID. */
  | { type: 'DeleteForeignEndpoints'; endpoints: ForeignEndpoints }
  /** Set the labels of a pod by server-side apply, and what it inherits of the HAService by a merge patch, guarded by UID. */
  | {
      type: 'LabelPod';
      member: Member;
      labels: Record<string, string>;
      inherited?: InheritedNames;
    }
  /** Set annotations that say how a pod was made, guarded by UID and resourceVersion. */
  | { type: 'AnnotatePod'; member: Member; annotations: Record<string, string> }
  /** Set the condition of a pod's readiness gate, guarded by UID. */
  | { type: 'MarkComplete'; member: Member; isComplete: boolean }
  /** Take over a pod of an earlier resource, which nothing controls: it gets this resource as its controller, guarded by UID. */
  | { type: 'AdoptPod'; pod: { name: string; uid: string } }
  /** Create the volume claims of a pod, then the pod. If a foreign pod has its name, that is remembered and nothing is created. */
  | { type: 'CreatePod'; manifest: Manifest }
  /** Ask for a larger volume, guarded by UID. */
  | { type: 'GrowClaim'; claim: ClaimView; size: string }
  /** Set or remove what a volume claim inherits of the HAService, guarded by UID. */
  | { type: 'LabelClaim'; claim: ClaimView; inherited: InheritedNames }
  /** Let a claim be deleted with the HAService, or no more; guarded by UID and resourceVersion. */
  | { type: 'OwnClaim'; claim: OwnedClaim; isOwned: boolean }
  /** Note on a claim for which pod's end it is given up, by UID, or for none; guarded by UID and resourceVersion. That alone deletes nothing. */
  | { type: 'MarkScaledAway'; claim: ClaimView; pod?: string }
  /**
   * Let Kubernetes delete a claim whose pod was scaled away. Only if the API server still has the very resource that was decided on, and
   * no pod of that name; guarded by UID and resourceVersion.
   */
  | { type: 'GiveUpClaim'; claim: ClaimView; pod: { name: string; uid: string } }
  /** Delete a pod, guarded by UID. `replacement`: only if the API server accepts this next pod in a dry run. */
  | { type: 'DeletePod'; removal: Removal; replacement?: Manifest }
  /**
   * Kill the members of an experiment, each guarded by UID, if the API server still has the very resource that was decided on. Done
   * at most once by a process: what came of it is in Observed.chaos.injection.
   */
  | { type: 'InjectFault'; experiment: Experiment; members: Member[] }
  /** Send the request of chaos.steadyState. The next decision sees the answer in Observed.chaos.probe. */
  | { type: 'ProbeSteadyState'; target: SteadyState };
