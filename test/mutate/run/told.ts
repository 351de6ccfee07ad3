import type { DegradedReason } from '../../../src/api/reasons.ts';
import type { HAService } from '../../../src/api/haservice.ts';

/** Reasons that say that something is missing, and not why. */
const unexplained = ['MembersMissing', 'Stopped', 'Paused', 'Suspended', 'NotNeeded'];

/** Reasons that tell of a fault of the operator itself, or of the cluster: no value of a field may lead to them. */
const faults: DegradedReason[] = [
  ...(['StatusRefused', 'WriteFailed', 'WriteNotKept'] as const),
  ...(['ContractBroken', 'AgentUnseen', 'RivalLeads'] as const),
];

const explainsNothing: string[] = [...unexplained, ...faults];

/** Conditions that can tell what is wrong with a spec, and the status with which they do. The most precise first. */
const telling: [string, 'True' | 'False'][] = [
  ['Degraded', 'True'],
  ['ChaosReady', 'False'],
  ['FailoverBlocked', 'True'],
  ['Ready', 'False'],
];

/** What the operator tells of this generation of the spec, as `CONDITION REASON: MESSAGE`; undefined if nothing explains itself. */
export function toldBy({ metadata, status = {} }: HAService): string | undefined {
  if (status.observedGeneration !== metadata.generation) return undefined;
  for (const [type, is] of telling) {
    const condition = status.conditions?.find((each) => each.type === type);
    if (condition?.status !== is || explainsNothing.includes(condition.reason)) continue;
    return `${type} ${condition.reason}: ${condition.message}`;
  }
  return undefined;
}

/** Tells whether the operator has told the same for so long, without a change of a pod: it is the end of what it does. */
export class Telling {
  readonly #stillMs: number;
  #key = '';
  #since = 0;

  constructor(stillMs: number) {
    this.#stillMs = stillMs;
  }

  /** @param pods UIDs. @returns what is told, if nothing has changed for long enough. */
  look(resource: HAService, pods: readonly string[], nowMs: number): string | undefined {
    const told = toldBy(resource);
    const key = `${told?.split(':')[0] ?? ''}/${[...pods].sort().join()}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#since = nowMs;
    }
    return told !== undefined && nowMs - this.#since >= this.#stillMs ? told : undefined;
  }
}
