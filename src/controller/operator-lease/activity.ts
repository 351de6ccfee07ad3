/**
 * Which of several operators acts. One holds the Lease (see operator-lease.ts); the others are standbys: their caches are filled and they
 * hear the heartbeats, and they write nothing, give no orders and grant no leases.
 */
export interface Activity {
  /** This process acts: it has taken the Lease, and does not know of another one that has. */
  readonly isActive: boolean;
  /**
   * Names this process in the Lease, and in `status.grantedBy` of each service whose primary it grants leases. Undefined: it cannot have
   * a successor, as it does not run in a pod.
   */
  readonly identity: string | undefined;
  /** A standby: the holder of the Lease may be about to be replaced, so that the members are asked as often as the operator that acts does. */
  readonly isAlert: boolean;
  /** Whether no other operator can have taken the Lease yet. To be asked immediately before each write, which must be sent at once. */
  mayWrite(): boolean;
}

/** An operator that does not run in a pod, as of a developer: it is the only one. */
export const alwaysActive: Activity = {
  ...{ isActive: true, isAlert: false },
  identity: undefined,
  mayWrite: () => true,
};
