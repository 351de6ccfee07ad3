import type { ChaosStatus, Experiment, ExperimentRecord } from '../../src/api/chaos-status.ts';
import type { HAService } from '../../src/api/haservice.ts';
import { chaosAnnotation } from '../../src/api/labels.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Ref } from '../../src/kube/resources.ts';
import { isSettled } from './state.ts';

/** Asks for an experiment, as `kubectl annotate --overwrite has NAME haservice.dev/chaos="$(date -Is)"` does. */
export async function requestExperiment(
  client: KubeClient,
  ref: Ref,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const metadata = { annotations: { [chaosAnnotation]: now.toISOString() } };
  await client.mergePatch(haServices, ref, { metadata }, { signal });
}

/** The experiments after the one with this number, oldest first: those that have ended, then the one that runs. */
export function experimentsAfter(
  id: number,
  { experiment, history = [] }: ChaosStatus,
): { ended: ExperimentRecord[]; running: Experiment | undefined } {
  const ended = history.filter((record) => record.id > id).toReversed();
  return {
    ended,
    running: experiment !== undefined && experiment.id > id ? experiment : undefined,
  };
}

/** Milliseconds from the kill until the Service pointed at a new primary, if the experiment has hit the primary. */
export const failoverMsOf = ({
  injectedAt,
  failedOverAt,
}: Pick<ExperimentRecord, 'injectedAt' | 'failedOverAt'>): number | undefined =>
  injectedAt === undefined || failedOverAt === undefined
    ? undefined
    : Date.parse(failedOverAt) - Date.parse(injectedAt);

/**
 * Measures how long a service takes after a kill until all members are healthy again, in their roles, seen from outside. It takes the
 * same measure of kills by an experiment and by anybody else.
 */
export class Recoveries {
  readonly #open = new Map<string, number>();
  readonly #ms: number[] = [];

  /** @param uid of the pod. @param at milliseconds since the Unix epoch. */
  killed(uid: string, at: number): void {
    this.#open.set(uid, at);
  }

  /** Call it at each change of the service. @returns milliseconds from each kill that the service has now recovered from. */
  look(service: HAService | undefined, now: number): number[] {
    const { status } = service ?? {};
    if (service === undefined || status?.phase !== 'Healthy' || !isSettled(service)) return [];
    if (status.members?.some(({ uid }) => this.#open.has(uid)) !== false) return [];
    const found = [...this.#open.values()].map((at) => Math.max(0, Math.round(now - at)));
    this.#open.clear();
    this.#ms.push(...found);
    return found;
  }

  /** Milliseconds of each recovery. */
  get ms(): readonly number[] {
    return this.#ms;
  }

  /** How many kills the service has not recovered from yet. */
  get open(): number {
    return this.#open.size;
  }
}
