import type { FaultName } from './fault-names.ts';
import { seeded } from './random.ts';

export interface Step {
  fault: FaultName;
  /** When it comes, from the beginning of the run's faults, and how long it lasts. Milliseconds. */
  atMs: number;
  holdMs: number;
  /** Chooses whom it hits, where there is a choice: 0 to below 1. */
  pick: number;
}

/** So long does each fault last: from before it can be noticed to well after a failover. Milliseconds. */
const hold: Partial<Record<FaultName, [least: number, most: number]>> = {
  kill: [0, 0],
  delete: [0, 0],
  'kill-operator': [0, 0],
  // The zombie shall come back when there is another primary.
  freeze: [2_000, 4_500],
};
const usualHold = [500, 4_500] as const;

/** Chance that a run has two faults, and that the second is the operator's death where that is allowed. */
const pairs = 0.5;
const operatorDies = 0.35;

/** A second fault comes within this time of the first one; the operator's death while it deals with it. Milliseconds. */
const secondMs = 3_000;
const dealsMs = 1_500;

/** What happens in the run of this seed: one of these faults, or two that differ. */
export function planRun(seed: number, allowed: readonly FaultName[]): Step[] {
  const random = seeded(seed);
  const between = (least: number, most: number) => Math.round(least + random() * (most - least));
  const one = (names: readonly FaultName[]): FaultName | undefined =>
    names[Math.floor(random() * names.length)];
  const step = (fault: FaultName, atMs: number): Step => {
    const [least, most] = hold[fault] ?? usualHold;
    return { fault, atMs, holdMs: between(least, most), pick: random() };
  };
  const first = one(allowed);
  if (first === undefined) return [];
  const steps = [step(first, 0)];
  const others = allowed.filter((name) => name !== first);
  if (random() < pairs && others.length > 0) {
    const dies = others.includes('kill-operator') && random() < operatorDies;
    const second = dies ? 'kill-operator' : one(others);
    // Squared: soon rather than late, as most is done soon.
    const atMs = Math.round(random() ** 2 * (second === 'kill-operator' ? dealsMs : secondMs));
    if (second !== undefined) steps.push(step(second, atMs));
  }
  return steps;
}
