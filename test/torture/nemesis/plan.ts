import { type FaultName, isOrdinary } from './fault-names.ts';
import { randomOf } from '../../../src/lib/random.ts';

export interface Step {
  fault: FaultName;
  /** When the fault is injected, from the start of the run's faults, and how long it lasts. Milliseconds. */
  atMs: number;
  holdMs: number;
  /** Chooses the pod, if there are several: 0 to below 1. */
  pick: number;
}

/** How long each fault lasts: from before it can be noticed to well after a failover. Milliseconds. */
const hold: Partial<Record<FaultName, [least: number, most: number]>> = {
  kill: [0, 0],
  delete: [0, 0],
  'kill-operator': [0, 0],
  experiment: [0, 0],
  // The former primary must continue when there is another primary.
  freeze: [2_000, 4_500],
  // The slowest of them replace three members, one after the other.
  edit: [1_000, 15_000],
  scale: [1_000, 12_000],
  roll: [0, 0],
  drain: [1_000, 10_000],
  'restart-operator': [0, 0],
  'freeze-operator': [1_000, 8_000],
  'slow-copy': [2_000, 10_000],
  'rotate-secret': [1_000, 10_000],
  'rotate-cert': [1_000, 10_000],
};
const usualHold = [500, 4_500] as const;

/** Probability that a run has two faults, and that the second is kill-operator if that is allowed. */
const pairs = 0.5;
const operatorDies = 0.35;
/** Probability that the second fault is of the other kind, a machine's or an ordinary day's, if both kinds are allowed. */
const mixed = 0.75;

/** Latest time of a second fault after the first one; kill-operator comes while the operator handles the first. Milliseconds. */
const secondMs = 3_000;
const dealsMs = 1_500;
/** The same if one of the two is an ordinary fault, which lasts longer. Milliseconds. */
const ordinaryMs = 10_000;

/** The faults of the run of this seed: one of the allowed faults, or two different ones. */
export function planRun(seed: number, allowed: readonly FaultName[]): Step[] {
  const random = randomOf(seed);
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
    const unlike = others.filter((name) => isOrdinary(name) !== isOrdinary(first));
    const isOneKind = unlike.length === 0 || unlike.length === others.length;
    const choice = !isOneKind && random() < mixed ? unlike : others;
    const dies = choice.includes('kill-operator') && random() < operatorDies;
    const second = dies ? 'kill-operator' : one(choice);
    const isSlow = isOrdinary(first) || (second !== undefined && isOrdinary(second));
    const latestMs = isSlow ? ordinaryMs : second === 'kill-operator' ? dealsMs : secondMs;
    // Squared: early rather than late, as most of the work is done early.
    const atMs = Math.round(random() ** 2 * latestMs);
    if (second !== undefined) steps.push(step(second, atMs));
  }
  return steps;
}
