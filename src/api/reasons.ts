import { chaosEvents, chaosReady } from './chaos-reasons.ts';
import type { Explanation } from './errors.ts';
import { failoverBlocked, fenced } from './failover-reasons.ts';
import { memberProblems } from './member-problems.ts';
import { requestEvents } from './request-reasons.ts';
import { serviceProblems } from './service-problems.ts';
import { settingsEvents } from './settings-reasons.ts';

type Reasons = Record<string, Explanation>;

/**
 * Every reason that a condition gives, by the condition and its status. A word that is not here does not compile.
 * docs/reference.md is generated from it.
 */
export const conditionReasons = {
  Ready: {
    True: {
      PrimaryReady: { meaning: 'the primary takes writes', whatToDo: 'nothing' },
      MembersHealthy: {
        meaning: '`ActiveActive`: healthy members take traffic',
        whatToDo: 'nothing',
      },
    },
    False: {
      NoPrimary: {
        meaning: 'no member has been healthy yet, so that none has been elected',
        whatToDo: 'see `status.members` and `Degraded`',
      },
      PrimaryDown: {
        meaning: 'the primary is gone or not healthy',
        whatToDo: 'nothing, while a failover runs; if it waits, `FailoverBlocked` says for what',
      },
      Promoting: {
        meaning: 'the elected member is being promoted, or the Service does not point at it yet',
        whatToDo: 'nothing; if it lasts, see `Degraded` and the log of that member',
      },
      NoHealthyMember: {
        meaning: '`ActiveActive`: no member is healthy',
        whatToDo: 'see `status.members` and `Degraded`',
      },
      Stopped: { meaning: '`replicas` is 0', whatToDo: 'raise `replicas` to start the service' },
      ServiceNameConflict: serviceProblems.ServiceNameConflict,
      SpecInvalid: serviceProblems.SpecInvalid,
    },
  },
  Progressing: {
    True: {
      Acting: { meaning: 'the message says what is being done', whatToDo: 'nothing' },
    },
    False: {
      Stable: { meaning: 'there is nothing to do', whatToDo: 'nothing' },
      Waiting: {
        meaning: 'a failover waits, and until it goes on nothing else is to be done',
        whatToDo: 'see the condition `FailoverBlocked`',
      },
      Paused: {
        meaning: '`spec.paused` is true: nothing is changed',
        whatToDo: 'set it to false to let the operator go on',
      },
    },
  },
  Degraded: {
    True: { ...serviceProblems, ...memberProblems },
    False: {
      AllHealthy: { meaning: 'as many members as `replicas` are healthy', whatToDo: 'nothing' },
      Starting: {
        meaning:
          'the service has never been ready, or is started again after `replicas: 0`, and its members are starting',
        whatToDo: 'nothing',
      },
      PlannedChange: {
        meaning:
          'fewer members than `replicas` are healthy, and only because an update, a restart, a switchover or a scale-up runs; what takes too long is told as `MembersMissing`',
        whatToDo: 'nothing; `Progressing` says what is done',
      },
    },
  },
  FailoverBlocked: failoverBlocked,
  Fenced: fenced,
  SpecWarning: {
    True: {
      MayBeMeantOtherwise: {
        meaning:
          'the spec is allowed, and may mean something else than you think; the message says what',
        whatToDo: 'write what the message says, or leave it if it is meant so',
      },
    },
    // Without a warning there is no such condition.
    False: {},
  },
  ChaosReady: chaosReady,
} as const satisfies Record<string, Record<'True' | 'False', Reasons>>;

/** Every reason of an Event besides those of Degraded, which become Events, too. */
export const eventReasons = {
  PodCreated: { meaning: 'a pod was created', whatToDo: 'nothing' },
  PodDeleted: { meaning: 'a pod was deleted; the note says why', whatToDo: 'nothing' },
  FailoverStarted: {
    meaning: 'the primary has failed; the note says what its heartbeats showed',
    whatToDo: 'find why it failed; its successor is elected without you',
  },
  SwitchoverStarted: {
    meaning: 'the role of the primary is moved on purpose, as for an update',
    whatToDo: 'nothing',
  },
  StartedAgain: {
    meaning:
      'the service is started after `replicas: 0`: the member that led last has the newest data, is awaited, and leads again',
    whatToDo: 'nothing',
  },
  PrimaryElected: { meaning: 'a member becomes primary', whatToDo: 'nothing' },
  FailoverCompleted: { meaning: 'the new primary takes writes', whatToDo: 'nothing' },
  FailoverBlocked: {
    meaning: 'a failover is due and waits; the note says for what',
    whatToDo: 'see the reason of the condition `FailoverBlocked`',
  },
  WritesDiscarded: {
    meaning: 'the former primary had writes that its successor did not have',
    whatToDo: 'see the note: what is known of them, and if a copy of them is kept',
  },
  VolumeGrowing: {
    meaning: 'the volume of a member is to get the size that `spec.volumeClaimTemplates` asks for',
    whatToDo: 'nothing: the condition `Progressing` says how far it is',
  },
  VolumeClaimGivenUp: {
    meaning:
      'the claim of a member that was scaled away is being deleted, as `volumeClaimRetentionPolicy.whenScaled: Delete` asks',
    whatToDo: 'nothing',
  },
  ChangeUndone: {
    meaning:
      'somebody has changed or deleted an object of the operator by hand, and the operator has undone that; the same Event is at that object',
    whatToDo: 'write what you want in the field of the HAService that the note names',
  },
  Recovered: { meaning: '`Degraded` is False again', whatToDo: 'nothing' },
  Paused: conditionReasons.Progressing.False.Paused,
  ...requestEvents,
  SpecWarning: conditionReasons.SpecWarning.True.MayBeMeantOtherwise,
  ...settingsEvents,
  Resumed: { meaning: '`spec.paused` is false again: the operator continues', whatToDo: 'nothing' },
  ...chaosEvents,
} as const satisfies Reasons;

type Table = typeof conditionReasons;

export type ConditionType = keyof Table;
export type ConditionReason<
  T extends ConditionType,
  S extends 'True' | 'False',
> = keyof Table[T][S];

export type DegradedReason = ConditionReason<'Degraded', 'True'>;
export type BlockedReason = ConditionReason<'FailoverBlocked', 'True'>;
export type FenceMethod = ConditionReason<'Fenced', 'True'>;
export type EventReason = keyof typeof eventReasons | DegradedReason;

/** Whether only a person can end it: it does not heal by itself. */
export function needsPerson(type: 'Degraded' | 'FailoverBlocked', reason: string): boolean {
  const explanations: Reasons = conditionReasons[type].True;
  return explanations[reason]?.needsPerson === true;
}

/** Whether a service that does not come up because of this fault waits for a person: then its phase is Failed. */
export function keepsDown(reason: string): boolean {
  const explanations: Reasons = conditionReasons.Degraded.True;
  return explanations[reason]?.keepsDown === true || needsPerson('Degraded', reason);
}

/** Whether a service that has never started waits for a person if this lasts: see first-answer.ts. */
export function keepsFromStarting(reason: string): boolean {
  const explanations: Reasons = conditionReasons.Degraded.True;
  return explanations[reason]?.keepsFromStarting === true;
}

/** Whether each member reports it of the same spec: one fault for a person. */
export function isOfSpec(reason: string): boolean {
  const explanations: Reasons = memberProblems;
  return explanations[reason]?.isOfSpec === true;
}

/** A reason that another process has chosen: it comes from the report of a member, or from a status that is already written. */
export type RelayedReason = string & { readonly isRelayed: true };
export const relayed = (reason: string): RelayedReason => reason as RelayedReason;
