/**
 * Fields whose change replaces no pod, as the documents say. All others may replace the members, one by one; what only the agent or
 * the program must know has a rollout, too.
 */
const atOnce = [
  'spec.services',
  'spec.inherit',
  'spec.placement.disruptionBudget',
  'spec.heartbeat',
  'spec.failover.automatic',
  'spec.failover.delay',
  'spec.failover.minInterval',
  'spec.failover.maxLag',
  'spec.failover.onNoCandidate',
  'spec.chaos',
  'spec.paused',
];

export const isAtOnce = (field: string): boolean =>
  atOnce.some(
    (each) => field === each || field.startsWith(`${each}.`) || field.startsWith(`${each}[`),
  );

/** Fields whose values may take the address away that the client asks, or all members. */
const interrupting = ['spec', 'spec.ports', 'spec.replicas', 'spec.topology'];

export const mayInterrupt = (field: string): boolean =>
  interrupting.includes(field) || field.startsWith('spec.ports[');
