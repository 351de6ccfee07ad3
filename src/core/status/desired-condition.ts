import type { ConditionReason, ConditionType, RelayedReason } from '../../api/reasons.ts';
import type { Condition } from '../../api/status.ts';

interface DesiredConditionOf<T extends ConditionType, S extends 'True' | 'False'> {
  type: T;
  status: S extends 'True' ? true : false;
  reason: ConditionReason<T, S> | RelayedReason;
  message: string;
}

/** A condition as it is to be written. Its reason is one of those that the condition has with this status. */
export type DesiredCondition = {
  [T in ConditionType]: DesiredConditionOf<T, 'True'> | DesiredConditionOf<T, 'False'>;
}[ConditionType];

/** metav1.Condition's rule: lastTransitionTime moves only with `status`. Messages are cut at Kubernetes' 32 KiB. */
export const toConditions = (
  before: Condition[],
  conditions: DesiredCondition[],
  generation: number,
  nowMs: number,
): Condition[] =>
  conditions.map((desired) => {
    const old = before.find((condition) => condition.type === desired.type);
    const status = desired.status ? 'True' : 'False';
    return {
      type: desired.type,
      status,
      observedGeneration: generation,
      lastTransitionTime:
        old?.status === status ? old.lastTransitionTime : new Date(nowMs).toISOString(),
      reason: desired.reason,
      message: desired.message.slice(0, 32_768),
    };
  });
