import type { Condition } from '../../api/status.ts';

export interface Finding {
  type: 'Ready' | 'Progressing' | 'Degraded' | 'FailoverBlocked' | 'Fenced';
  status: boolean;
  reason: string;
  message: string;
}

/** metav1.Condition's rule: lastTransitionTime moves only with `status`. Messages are cut at Kubernetes' 32 KiB. */
export const toConditions = (
  before: Condition[],
  findings: Finding[],
  generation: number,
  nowMs: number,
): Condition[] =>
  findings.map((finding) => {
    const old = before.find((condition) => condition.type === finding.type);
    const status = finding.status ? 'True' : 'False';
    return {
      type: finding.type,
      status,
      observedGeneration: generation,
      lastTransitionTime:
        old?.status === status ? old.lastTransitionTime : new Date(nowMs).toISOString(),
      reason: finding.reason,
      message: finding.message.slice(0, 32_768),
    };
  });
