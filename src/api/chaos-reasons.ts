import type { Explanation } from './errors.ts';

/** Why an experiment was refused, or aborted before the kill: `reason` in status.chaos.history. */
export const chaosRefusals = {
  Paused: {
    meaning: '`spec.paused` is true: the operator could not repair what the experiment breaks',
    whatToDo: 'set it to false',
  },
  Suspended: {
    meaning: '`spec.chaos.suspend` is true',
    whatToDo: 'set it to false',
  },
  ChaosDisabled: {
    meaning: 'the settings of the operator stop all experiments in the cluster',
    whatToDo: 'set `chaos.enabled` to true in the ConfigMap `haservice-operator`',
  },
  SettingsUnknown: {
    meaning:
      'the operator does not know if experiments are allowed: it may not read the ConfigMap `haservice-operator` or the namespaces, or the text was wrong when the operator started',
    whatToDo:
      'see the log of the operator: correct the text (`SettingsInvalid`), or apply manifests/rbac.yaml',
  },
  OptedOut: {
    meaning:
      'the namespace has the label `haservice.dev/chaos: disabled`, or each member that could be hit has it; or a member that was to be hit has it since',
    whatToDo: 'remove that label, if experiments are allowed there',
  },
  TooFewReplicas: {
    meaning: 'the service has fewer than two members: a kill would be an outage',
    whatToDo: 'raise `spec.replicas`, or remove `spec.chaos`',
  },
  ScheduleInvalid: {
    meaning: '`spec.chaos.schedule` is no schedule, or has no time that ever comes',
    whatToDo: 'correct the field that the message names',
  },
  TimeZoneUnknown: {
    meaning: '`spec.chaos.timeZone` is no IANA time zone',
    whatToDo: 'write a name such as Europe/Berlin',
  },
  BlackoutInvalid: {
    meaning: 'an entry of `spec.chaos.blackouts` is wrong, or they leave no time of the schedule',
    whatToDo: 'correct what the message names',
  },
  Blackout: {
    meaning: 'the time lies in one of `spec.chaos.blackouts`',
    whatToDo: 'nothing; or ask again after its end',
  },
  RequestInvalid: {
    meaning: 'the value of the annotation `haservice.dev/chaos` is no time stamp, or in the future',
    whatToDo: 'annotate again with `haservice.dev/chaos="$(date -Is)"`',
  },
  RequestTooOld: {
    meaning:
      'the time of the request is more than five minutes ago, not later than the last request, or before the HAService was created: it may have come from a file, a backup or a wrong clock',
    whatToDo: 'annotate again with the present time; if that is refused, too, correct the clock',
  },
  ExperimentRunning: {
    meaning: 'another experiment with this service is running',
    whatToDo: 'ask again when it has ended',
  },
  NotRecovered: {
    meaning: 'the service has not recovered from the last experiment',
    whatToDo: 'see `status.members` and `Degraded`',
  },
  TooManyExperiments: {
    meaning: 'as many experiments as the settings of the operator allow are running',
    whatToDo: 'spread the schedules, or raise the limit in the ConfigMap `haservice-operator`',
  },
  FailoverRunning: {
    meaning: 'a failover is under way, or waits',
    whatToDo: 'see the conditions `Ready` and `FailoverBlocked`',
  },
  FailoverBackoff: {
    meaning: 'the last failover is so recent that the next one would wait (`failover.minInterval`)',
    whatToDo: 'nothing; or ask again later',
  },
  RolloutRunning: {
    meaning: 'members are being replaced, as what pods are made from has changed',
    whatToDo: 'ask again when the update is done',
  },
  MembersChanging: {
    meaning: 'members are being created, deleted or moved',
    whatToDo: 'ask again when that is done',
  },
  CloneRunning: {
    meaning: 'a member is being made a copy of the primary, or is starting',
    whatToDo: 'ask again when it is complete',
  },
  NotSteady: {
    meaning: 'the service is not in its steady state, so that nothing could be learnt',
    whatToDo: 'repair what the message names',
  },
  NoTarget: {
    meaning: 'no member matches `spec.chaos.target`, or too few do',
    whatToDo: 'correct `target` or `amount`',
  },
  PodsTooYoung: {
    meaning: 'the members that match are younger than `spec.chaos.minPodAge`',
    whatToDo: 'nothing; or lower `minPodAge`',
  },
  TooFewHealthy: {
    meaning: 'fewer healthy members than `spec.chaos.minHealthy` would be left',
    whatToDo: 'lower `amount` or `minHealthy`, or raise `replicas`',
  },
  BudgetExhausted: {
    meaning: 'more members would be missing than `spec.placement.disruptionBudget` allows',
    whatToDo: 'lower `amount`, or raise `spec.placement.disruptionBudget`',
  },
  QuorumAtRisk: {
    meaning:
      'Strong: too few members would be left to acknowledge writes, or to prove that the primary takes none',
    whatToDo: 'lower `amount`, or raise `replicas`',
  },
  LastCopy: {
    meaning: 'no complete and durable copy of the data would be left',
    whatToDo: 'wait until the members that remain have written all data to their disks',
  },
  DryRun: {
    meaning: '`spec.chaos.dryRun` is true: everything was done except the kill',
    whatToDo: 'set it to false to kill',
  },
  TargetGone: {
    meaning: 'a member that was to be hit was gone before the kill',
    whatToDo: 'nothing',
  },
  TargetChanged: {
    meaning:
      'after the members were chosen and before the kill, one of them got another role, or `target`, `action` or `dryRun` of `spec.chaos` was changed',
    whatToDo: 'nothing; or ask again',
  },
  Late: {
    meaning: 'the operator came more than a minute too late for the kill, and left it out',
    whatToDo: 'see if the operator was restarted or the API server was away',
  },
  KillRefused: {
    meaning:
      'the API server has refused the kill (Evict: by a disruption budget), or the pods were gone already',
    whatToDo: 'see its answer in the message',
  },
  ChaosRemoved: {
    meaning: '`spec.chaos` was removed before the kill',
    whatToDo: 'nothing',
  },
} as const satisfies Record<string, Explanation>;

export type ChaosRefusal = keyof typeof chaosRefusals;
/** What is wrong with the times in a spec. */
export type ScheduleRefusal = Extract<
  ChaosRefusal,
  'ScheduleInvalid' | 'TimeZoneUnknown' | 'BlackoutInvalid'
>;

/** The condition ChaosReady: whether experiments can begin. Only services with spec.chaos have this condition. */
export const chaosReady = {
  True: {
    Scheduled: {
      meaning: '`status.chaos.nextTime` is the time of the next one',
      whatToDo: 'nothing',
    },
    OnRequest: {
      meaning: 'there is no schedule: experiments begin by the annotation `haservice.dev/chaos`',
      whatToDo: 'nothing',
    },
    Running: { meaning: 'an experiment is running', whatToDo: 'nothing' },
  },
  False: {
    Paused: chaosRefusals.Paused,
    Suspended: chaosRefusals.Suspended,
    SuspendedAfterFailure: {
      meaning: 'an experiment has failed, and `onFailure` is Suspend',
      whatToDo:
        'find out why; then set `spec.chaos.suspend` to true and to false again, or ask for an experiment that passes',
    },
    ChaosDisabled: chaosRefusals.ChaosDisabled,
    SettingsUnknown: chaosRefusals.SettingsUnknown,
    OptedOut: {
      meaning: 'the namespace has the label `haservice.dev/chaos: disabled`',
      whatToDo: chaosRefusals.OptedOut.whatToDo,
    },
    TooFewReplicas: chaosRefusals.TooFewReplicas,
    ScheduleInvalid: chaosRefusals.ScheduleInvalid,
    TimeZoneUnknown: chaosRefusals.TimeZoneUnknown,
    BlackoutInvalid: chaosRefusals.BlackoutInvalid,
    NoTarget: {
      meaning:
        'there is no member or no zone with the name in `spec.chaos.target`, or `amount` is more than there are',
      whatToDo: 'write one of the names in the message, or a smaller amount',
    },
    BudgetExhausted: {
      meaning: '`spec.chaos.amount` is more than `spec.placement.disruptionBudget` allows',
      whatToDo: chaosRefusals.BudgetExhausted.whatToDo,
    },
    NoNextTime: {
      meaning: '`spec.chaos.schedule` has no time outside of the blackouts',
      whatToDo: 'change the schedule or the blackouts',
    },
  },
} as const satisfies Record<'True' | 'False', Record<string, Explanation>>;

/** Events of experiments. */
export const chaosEvents = {
  ExperimentAnnounced: {
    meaning: 'an experiment kills members soon; the note says which and when',
    whatToDo: 'nothing; to prevent it set `spec.chaos.suspend` to true',
  },
  ExperimentStarted: {
    meaning: 'an experiment kills members now; the note says which',
    whatToDo: 'nothing',
  },
  ExperimentPassed: {
    meaning: 'the service has recovered within `recoveryObjective`',
    whatToDo: 'nothing',
  },
  ExperimentFailed: {
    meaning: 'the service has not recovered within `recoveryObjective`',
    whatToDo: 'see the note, `status.members` and `Degraded`',
  },
  ExperimentRefused: {
    meaning: 'an experiment was due, and would have been a danger; the note says why',
    whatToDo: 'see [the refusals](#refusals-of-experiments)',
  },
  ExperimentAborted: {
    meaning: 'an experiment was ended before the kill; the note says why',
    whatToDo: 'see [the refusals](#refusals-of-experiments)',
  },
  ExperimentUnknown: {
    meaning:
      'it is not known whether the kill was done, or the recovery could not be watched; the note says why',
    whatToDo: 'see the note',
  },
  ChaosNotReady: {
    meaning: 'experiments cannot begin; the note says why',
    whatToDo: 'see the condition `ChaosReady`',
  },
} as const satisfies Record<string, Explanation>;
