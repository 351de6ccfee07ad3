import type { Explanation } from './errors.ts';

/** Why a failover is due and waits. */
export const failoverBlocked = {
  True: {
    QuorumMissing: {
      meaning: 'too few followers have answered: an acknowledged write may be on a missing one',
      whatToDo: 'bring back a member that the message names, or the old primary',
    },
    LeaseNotExpired: {
      meaning: 'the old primary is silent, and its lease has not expired',
      whatToDo: 'nothing: it expires within `leaseDuration`',
    },
    LagTooGreat: {
      meaning: 'every standby is further behind than `maxLag`',
      whatToDo:
        'bring back the primary, raise `maxLag`, or accept the loss with `onNoCandidate: PromoteAnyway`',
    },
    PrimaryMissing: {
      meaning: 'after a scale to 0: the member with the newest data is not back',
      whatToDo:
        'see what keeps its pod from starting; or go on without it: `onNoCandidate: PromoteAnyway`',
    },
    MembersMissing: {
      meaning: 'data was found, but not every member has answered',
      whatToDo: 'start the missing ones; they may have more',
    },
    ClaimsUnknown: {
      meaning:
        'the operator cannot list volume claims, so that it does not know if there are data of an earlier time: it begins no data set. Failovers go on',
      whatToDo:
        'if the message says that the operator may not list them: `kubectl apply -f manifests/rbac.yaml` of the version of the operator; else nothing, if it ends soon, or see the log of the operator',
    },
    PromoteFailed: {
      meaning: 'the member that must be elected cannot be promoted',
      whatToDo: 'see its log',
    },
    NoCandidate: {
      meaning: 'no member is healthy, or none holds data',
      whatToDo:
        'see `status.members`; if all data are lost, put a backup on a volume, or delete the HAService and apply it again',
    },
    NeverPrimary: {
      meaning: 'only members could take over that `failover.neverPrimary` forbids to lead',
      whatToDo: 'bring back another one, or let one of these lead by the command in the message',
    },
    Delay: {
      meaning: '`failover.delay` gives the primary time to come back',
      whatToDo: 'nothing: it ends by itself, or by the command in the message',
    },
    MinInterval: {
      meaning:
        'the last failover is less than `minInterval` ago; the wait doubles while new primaries die one after the other',
      whatToDo:
        'nothing: it ends by itself, or by the command in the message; if new primaries die one after the other, see why',
    },
    AutomaticFailoverDisabled: {
      meaning: '`failover.automatic` is false',
      whatToDo: 'repair the primary, or set it to true',
      needsPerson: true,
    },
    Paused: {
      meaning: '`spec.paused` is true, and a failover is due',
      whatToDo: 'set it to false to let another member take over',
      needsPerson: true,
    },
    Unsettled: {
      meaning: 'the API server has not answered whether an election was written',
      whatToDo: 'nothing, if the API server is up: its next answer ends this',
    },
  },
  False: {
    NotNeeded: { meaning: 'no failover is waiting', whatToDo: 'nothing' },
  },
} as const satisfies Record<'True' | 'False', Record<string, Explanation>>;

/** Whether it is proved that the former primary takes no writes, and how. */
export const fenced = {
  True: {
    Quorum: {
      meaning: 'so few followers still follow the former primary that it can acknowledge no write',
      whatToDo: 'nothing',
    },
    Acknowledged: {
      meaning: 'the former primary itself says that it takes no writes',
      whatToDo: 'nothing',
    },
    Lease: { meaning: 'the lease of the former primary has expired', whatToDo: 'nothing' },
    Terminated: {
      meaning: 'the processes of the former primary have ended',
      whatToDo: 'nothing',
    },
  },
  False: {
    Fencing: {
      meaning:
        'the former primary may still take writes: members are being ordered into a new epoch',
      whatToDo: 'nothing; if it lasts, `FailoverBlocked` says for what it waits',
    },
    NotNeeded: {
      meaning: 'no former primary is left that could take writes',
      whatToDo: 'nothing',
    },
  },
} as const satisfies Record<'True' | 'False', Record<string, Explanation>>;
