/**
 * Fields whose change replaces no pod, as the documents say. All others may replace the members, one by one; what only the agent or
 * the program must know has a rollout, too.
 */
const atOnce = [
  'spec.services',
  'spec.volumeClaimRetentionPolicy',
  'spec.inherit',
  'spec.placement.disruptionBudget',
  'spec.heartbeat',
  'spec.failover.automatic',
  'spec.failover.delay',
  'spec.failover.minInterval',
  'spec.failover.maxLag',
  'spec.failover.onNoCandidate',
  'spec.failover.neverPrimary',
  'spec.failover.preferredPrimary',
  'spec.plannedChanges',
  'spec.chaos',
  'spec.paused',
];

export const isAtOnce = (field: string): boolean =>
  atOnce.some(
    (each) => field === each || field.startsWith(`${each}.`) || field.startsWith(`${each}[`),
  );

/** Fields whose values may take the address away that the client asks, or all members. */
const interrupting = ['spec', 'spec.ports', 'spec.replicas', 'spec.topology'];
/** Fields in which the same is true of all that is in them: the primary may hand over its role. */
const handingOver = ['spec.ports[', 'spec.failover.neverPrimary', 'spec.failover.preferredPrimary'];

export const mayInterrupt = (field: string): boolean =>
  interrupting.includes(field) || handingOver.some((each) => field.startsWith(each));
