/** The faults. The primary is the member that is primary when the fault is injected. */
export const faultTitles = {
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

export type FaultName = keyof typeof faultTitles;
export const faultNames = Object.keys(faultTitles) as FaultName[];
