import type { ExperimentRecord } from '../../src/api/chaos-status.ts';
import type { ExperimentWorld } from './experiment-world.ts';
import { whyNotWhole } from './whole.ts';

/** How often things happened, by what happened. */
export type Counts = Record<string, number>;

/** How long a service must have been steady for a refusal to count as false. Milliseconds. */
const steadyMs = 5_000;
const lookMs = 250;

/** The reasons that say that the service is in danger, or is changing. */
const aboutService = [
  ...['FailoverRunning', 'FailoverBackoff', 'RolloutRunning', 'MembersChanging', 'CloneRunning'],
  ...['NotSteady', 'NotRecovered', 'LastCopy', 'SettingsUnknown'],
];
/** Those that say it of the members that would stay. They are right if more than one is hit, or only one would stay. */
const aboutSurvivors = ['TooFewHealthy', 'QuorumAtRisk'];

/**
 * Counts what becomes of experiments. A refusal is false if it says that the service is in danger, and the service was steady, in
 * truth, for 5 s: all members alive, linked, in their roles and with their data on disk, the Service at the primary, one
 * operator, nothing cut, and no fault begun or ended.
 */
export class ExperimentCounts {
  readonly counts: Counts = {};
  readonly #world: ExperimentWorld;
  #steadySinceMs = Infinity;
  #operator: string | undefined;

  constructor(world: ExperimentWorld) {
    this.#world = world;
  }

  start(): void {
    const { kernel } = this.#world;
    const look = () => {
      const operator = this.#world.operator?.place;
      const isAnother = operator !== this.#operator;
      this.#operator = operator;
      if (isAnother || !this.#isSteady()) this.#steadySinceMs = Infinity;
      else if (this.#steadySinceMs === Infinity) this.#steadySinceMs = kernel.nowMs;
      kernel.after(lookMs, look);
    };
    look();
  }

  ended({ verdict, reason = '', hits }: ExperimentRecord): void {
    this.count(verdict);
    if (verdict === 'Aborted') this.count(`aborted: ${reason}`);
    if (verdict !== 'Refused') return;
    this.count(`refused: ${reason}`);
    const { spec } = this.#world.api.service;
    const isFalse =
      aboutService.includes(reason) ||
      (aboutSurvivors.includes(reason) && hits.length === 1 && spec.replicas > 2);
    if (!isFalse || !this.#hasBeenSteady()) return;
    this.#world.kernel.note('COUNT', () => `a false refusal: ${reason}`);
    this.count(`false: ${reason}`);
  }

  /** An operator has died. */
  died(): void {
    const { experiment } = this.#world.api.service.status.chaos ?? {};
    if (experiment === undefined) return;
    const { phase } = experiment;
    const isKilled = phase === 'Injecting' && this.#world.experiments.hasKilled(experiment);
    this.count(`died: ${isKilled ? 'Killed' : phase}`);
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  #hasBeenSteady(): boolean {
    const { kernel, faultMs } = this.#world;
    return kernel.nowMs - Math.max(this.#steadySinceMs, faultMs) >= steadyMs && this.#isSteady();
  }

  #isSteady(): boolean {
    const { network, kubelets, operators, behaviour } = this.#world;
    const living = operators.filter(({ isAlive }) => isAlive);
    return (
      network.isWell &&
      living.length === 1 &&
      kubelets.agents.every(
        ({ isFrozen, volume, leadership, following }) =>
          !isFrozen &&
          volume.onDisk === undefined &&
          (leadership !== undefined || !behaviour.replicates || following?.linked === true),
      ) &&
      whyNotWhole(this.#world) === undefined
    );
  }
}

const sumOfKeys = (counts: Counts, start: string): string => {
  const keys = Object.keys(counts).filter((key) => key.startsWith(start));
  const parts = keys.sort().map((key) => `${key.slice(start.length)} ${counts[key]}`);
  return parts.join(', ') || 'none';
};

const verdicts = ['Passed', 'Failed', 'Refused', 'Aborted', 'Unknown'];

export function describeCounts(counts: Counts): string {
  const of = (key: string) => counts[key] ?? 0;
  const all = verdicts.reduce((sum, verdict) => sum + of(verdict), 0);
  const given = verdicts.map((verdict) => `${verdict} ${of(verdict)}`).join(', ');
  return [
    `  ${all} experiments: ${given}; ${of('killed')} members killed`,
    `  refused: ${sumOfKeys(counts, 'refused: ')}`,
    `  refused while the service was steady for 5 s: ${sumOfKeys(counts, 'false: ')}`,
    `  aborted: ${sumOfKeys(counts, 'aborted: ')}`,
    `  operators that ended during an experiment: ${sumOfKeys(counts, 'died: ')}`,
  ].join('\n');
}
