import type { Snapshot } from '../api-server.ts';
import type { Operator } from '../operator.ts';
import { type WatchedKind, watchedKinds } from '../watched-kinds.ts';
import type { World } from '../world.ts';

/** At an act of the operator: it dies right before, or right after, when it does not know yet how the act ended. */
const actKinds = ['dies-before', 'dies-after'] as const;

/**
 * At a change of what the operator watches. It dies, and the next one begins with a cache in which this change of one kind of objects, or
 * of all, is still to come; or its watch does not pass the change on for a while; or what happens for a while is never seen, but
 * for its result.
 */
const changeKinds = ['stale', 'all-stale', 'frozen', 'unseen'] as const;

/** The three kinds of Sieve (OSDI 2022): intermediate states, stale states, states that are not observed. */
export interface Perturbation {
  kind: (typeof actKinds)[number] | (typeof changeKinds)[number];
  /** Which act or change, from 1 on. */
  at: number;
}

/** All that happens in a story and can be perturbed. */
export interface Points {
  acts: string[];
  changes: string[];
}

/** So long a cache is behind. */
const windowMs = 5_000;
/** So long after its end the operator is started again. */
const restartMs = 1_000;

/** Notes what happens from now on, and perturbs it once. Called before an operator begins. */
export function perturb(world: World, perturbation: Perturbation | undefined): Points {
  const points: Points = { acts: [], changes: [] };
  const isDue = (kind: Perturbation['kind'], at: number) =>
    perturbation?.kind === kind && perturbation.at === at;
  world.beforeAct = (operator, what) => {
    const at = points.acts.push(what());
    if (isDue('dies-before', at)) replace(world, operator);
    return at;
  };
  world.afterAct = (operator, at) => {
    if (isDue('dies-after', at)) replace(world, operator);
  };
  let before = world.api.snapshot();
  world.api.watchers.add(({ kind: name, object }) => {
    const kind = watchedKinds.find((each) => each === name);
    if (kind === undefined) return;
    const at = points.changes.push(`${kind}/${object.metadata?.name}`);
    const isNow = (each: Perturbation['kind']) => isDue(each, at);
    if (isNow('frozen')) world.operator?.watches.stall(kind, windowMs);
    if (isNow('unseen')) world.operator?.watches.skip(kind, windowMs);
    if (isNow('stale')) goBack(world, before, [kind]);
    if (isNow('all-stale')) goBack(world, before, watchedKinds);
    before = world.api.snapshot();
  });
  return points;
}

/** The next operator begins in the past. */
function goBack(world: World, snapshot: Snapshot, kinds: readonly WatchedKind[]): void {
  const { kernel } = world;
  kernel.after(0, () => {
    world.operator?.die('its successor is to begin with an old cache');
    const past = { kinds, snapshot, ms: windowMs };
    kernel.after(restartMs, () => world.operator ?? world.startOperator(past));
  });
}

function replace(world: World, operator: Operator): void {
  operator.die('right before or after an act');
  world.kernel.after(restartMs, () => world.operator ?? world.startOperator());
}

/** Each perturbation that a story allows. */
export const perturbationsOf = ({ acts, changes }: Points): Perturbation[] => [
  ...acts.flatMap((_, i) => actKinds.map((kind) => ({ kind, at: i + 1 }))),
  ...changes.flatMap((_, i) => changeKinds.map((kind) => ({ kind, at: i + 1 }))),
];

/** Where in a story a perturbation is, for a person. */
export function describePerturbation({ kind, at }: Perturbation, points: Points): string {
  const isAct = actKinds.some((each) => each === kind);
  return `${kind} ${(isAct ? points.acts : points.changes)[at - 1]}`;
}

const allKinds = [...actKinds, ...changeKinds];

/** As `nameOf` writes it. */
export function perturbationNamed(text: string): Perturbation | undefined {
  const [name, number = ''] = text.split(':');
  const kind = allKinds.find((each) => each === name);
  return kind === undefined || !/^[1-9]\d*$/.test(number)
    ? undefined
    : { kind, at: Number(number) };
}

export const nameOf = ({ kind, at }: Perturbation): string => `${kind}:${at}`;
