/** What can happen. The primary is whoever is primary when it happens. */
export const faultTitles = {
  kill: 'the primary is killed (SIGKILL)',
  freeze: 'the primary is stopped (SIGSTOP), and goes on later (SIGCONT)',
  delete: "the primary's pod is deleted by force",
  cut: "the primary's node is cut off",
  'cut-in': "nothing reaches the primary's node any more",
  'cut-out': "nothing leaves the primary's node any more",
  'cut-followers': 'the primary is cut from the other members, not from the operator',
  'cut-operator': 'the primary is cut from the operator, not from the other members',
  'isolate-operator': "the operator's pod is cut from whatever is not on its node",
  'kill-operator': 'the operator is killed (SIGKILL)',
  'api-down': 'the API server is stopped',
  'freeze-follower': 'a follower is stopped (SIGSTOP), as by a disk that hangs, and goes on later',
  zone: 'a zone is cut off, whoever is in it',
  clock: "a member's time of day is set, by up to an hour, and set right later",
} as const;

export type FaultName = keyof typeof faultTitles;
export const faultNames = Object.keys(faultTitles) as FaultName[];
