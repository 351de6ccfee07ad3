import type { ChaosSpec } from '../../../src/api/chaos-spec.ts';

export type Action = ChaosSpec['action'];
export type TargetRole = 'Primary' | 'Standby';

export const actions: readonly Action[] = ['PodKill', 'PodDelete', 'Evict', 'ZoneKill'];
export const targetRoles: readonly TargetRole[] = ['Primary', 'Standby'];

/** An action of an experiment; or the same kill as PodKill by a person, who does not tell the operator. */
export type Method = Action | 'ByHand';

export const methodTitles: Record<Method, string> = {
  PodKill: 'PodKill',
  PodDelete: 'PodDelete',
  Evict: 'Evict',
  ZoneKill: 'ZoneKill',
  ByHand: 'kubectl delete --force',
};

export interface Series {
  method: Method;
  role: TargetRole;
}

/** The series of one system, in the order of the table: what is done by hand is beside what does the same. */
export const seriesOf = (chosen: readonly Action[], roles: readonly TargetRole[]): Series[] =>
  roles.flatMap((role) =>
    chosen
      .flatMap((action): Method[] => (action === 'PodKill' ? [action, 'ByHand'] : [action]))
      .map((method): Series => ({ method, role })),
  );

/** spec.chaos of a series: experiments on request, as soon as the service has recovered from the last one. */
export const chaosOf = (action: Action, role: TargetRole) => ({
  action,
  target: { role },
  minPodAge: '0s',
  recoveryObjective: '2m',
  onFailure: 'Continue',
});
