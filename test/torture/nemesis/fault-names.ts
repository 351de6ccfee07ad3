/** Faults of machines, processes and the network. The primary is the member that is primary when the fault is injected. */
const machineFaultTitles = {
  kill: 'the primary is killed (SIGKILL)',
  freeze: 'the primary is stopped (SIGSTOP), and continued later (SIGCONT)',
  delete: "the primary's pod is force-deleted",
  cut: "the primary's node is cut off",
  'cut-in': "the primary's node receives no packets",
  'cut-out': "the primary's node can send no packets",
  'cut-followers': 'the primary is cut off from the other members, not from the operator',
  'cut-operator': 'the primary is cut off from the operator, not from the other members',
  'isolate-operator': "the operator's pod is cut off from everything outside its node",
  'kill-operator': 'the operator is killed (SIGKILL)',
  'api-down': 'the API server is stopped',
  'freeze-follower':
    'a follower is stopped (SIGSTOP), as by a disk that hangs, and continued later',
  zone: 'a zone is cut off, whatever runs in it',
  clock: "a member's wall clock is set wrong, by up to an hour, and corrected later",
  experiment: 'a user asks for an experiment: the operator kills a member (spec.chaos)',
} as const;

/** What people do to a service that works. */
const ordinaryFaultTitles = {
  edit: 'the spec is edited (annotation, environment, target port, heartbeat, lease or readiness probe), and edited back later',
  scale: 'the service is scaled up, down, or to 0 (if its data outlive the pods), and back later',
  roll: 'an annotation of the pod template changes: a rolling update',
  drain: "a member's node is drained (cordon, evictions), and uncordoned later",
  'restart-operator': "the operator's pod is deleted gracefully",
  'freeze-operator': 'the operator is stopped (SIGSTOP), and continued later (SIGCONT)',
  'slow-copy':
    "a follower loses its volume, or the data on it, while its node's network is slow (if it has a volume)",
  'rotate-secret':
    'the password changes: one member learns it at once, the others later (databases)',
  'rotate-cert':
    'the certificate is renewed: one member gets it at once, the others later (databases, which have TLS in this torture)',
} as const;

export const faultTitles = { ...machineFaultTitles, ...ordinaryFaultTitles } as const;

export type OrdinaryFault = keyof typeof ordinaryFaultTitles;
export type MachineFault = keyof typeof machineFaultTitles;
export type FaultName = OrdinaryFault | MachineFault;

export const machineFaults = Object.keys(machineFaultTitles) as MachineFault[];
export const ordinaryFaults = Object.keys(ordinaryFaultTitles) as OrdinaryFault[];
export const faultNames: FaultName[] = [...machineFaults, ...ordinaryFaults];

/** Faults of services that keep data. */
export const databaseFaults: readonly FaultName[] = ['slow-copy', 'rotate-secret', 'rotate-cert'];

export const isOrdinary = (fault: FaultName): fault is OrdinaryFault =>
  fault in ordinaryFaultTitles;
