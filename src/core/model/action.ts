import type { Manifest } from './manifest.ts';
import type { Member, ForeignEndpoints } from './observed.ts';
import type { RoleCommand } from './role-commands.ts';

/** A member that is to be deleted, and why. */
export interface Removal {
  member: Member;
  reason:
    'ScaleDown' | 'Ended' | 'Frozen' | 'Unfenceable' | 'Outdated' | 'Rebalance' | 'Unplaceable';
  note: string;
  gracePeriodSeconds?: number;
}

/** Every action may be done twice, and be cut off after any write: the next pass finds the rest. */
export type Action =
  /** `mayWait`: it is better written a moment later, but not for long. See isPrimarySuspected. */
  | { type: 'EnsureOwnedObject'; manifest: Manifest; mayWait?: boolean }
  /** The write Service's EndpointSlice is to hold these pods, by UID. */
  | { type: 'Repoint'; manifest: Manifest; to: string[] }
  | { type: 'GiveRoleCommand'; command: RoleCommand }
  | { type: 'DeleteForeignEndpoints'; endpoints: ForeignEndpoints }
  | { type: 'LabelPod'; member: Member; labels: Record<string, string> }
  | { type: 'CreatePod'; manifest: Manifest }
  /** `replacement`: not before the API server has found nothing wrong with the pod that is to take its place. */
  | { type: 'DeletePod'; removal: Removal; replacement?: Manifest };
