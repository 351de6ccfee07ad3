import { Violation } from '../checker.ts';
import { mutantOf } from '../plants.ts';
import { settledSnapshot } from '../settled-snapshot.ts';
import { type Engine, behaviourOf } from '../setups.ts';
import { World } from '../world.ts';
import { type EndState, differenceOf, endStateOf } from './end-state.ts';
import {
  type Perturbation,
  type Points,
  describePerturbation,
  nameOf,
  perturb,
  perturbationsOf,
} from './perturbation.ts';
import { type StoryName, playStory } from './story.ts';

export interface StoryOptions {
  engine: Engine;
  story: StoryName;
  /** Name of a plant. */
  plant?: string | undefined;
  traced?: boolean;
}

export interface StoryEnd {
  points: Points;
  violation: string | undefined;
  end: EndState;
  trace: string[];
}

/** One story, perturbed once or not at all. */
export function playOnce(
  { engine, story, plant, traced = false }: StoryOptions,
  perturbation?: Perturbation,
): StoryEnd {
  const behaviour = behaviourOf(engine);
  const world = new World({ seed: 1, behaviour, mutant: mutantOf(plant), traced });
  const isFirst = story === 'create';
  if (!isFirst) world.settle(settledSnapshot(behaviour));
  const points = perturb(world, perturbation);
  let deleted = 0;
  world.api.watchers.add(({ kind, isGone }) => {
    if (kind === 'pods' && isGone) deleted++;
  });
  let violation: string | undefined;
  try {
    if (!isFirst) world.startOperator();
    playStory(world, story);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  return {
    points,
    violation,
    end: endStateOf(world.api, deleted),
    trace: world.kernel.trace ?? [],
  };
}

/** What is wrong with a story that was perturbed, compared with the same one that was not. */
export function judge(options: StoryOptions, perturbation: Perturbation, good: StoryEnd) {
  const { violation, end, trace } = playOnce(options, perturbation);
  return { violation: violation ?? differenceOf(good.end, end), trace };
}

export interface BrokenStory {
  engine: Engine;
  story: StoryName;
  /** Undefined: the story breaks without any. */
  perturbation: string | undefined;
  /** Where it is, and what it breaks. */
  what: string;
}

export interface SieveTotals {
  perturbations: number;
  broken: BrokenStory[];
}

/** Plays a story with each of its perturbations, or with one of each `every`. */
export function sieve(options: StoryOptions, every: number): SieveTotals {
  const { engine, story } = options;
  const good = playOnce(options);
  if (good.violation !== undefined) {
    const broken = { engine, story, perturbation: undefined, what: good.violation };
    return { perturbations: 0, broken: [broken] };
  }
  const chosen = perturbationsOf(good.points).filter((_, i) => i % every === 0);
  const broken = chosen.flatMap((each) => {
    const { violation } = judge(options, each, good);
    if (violation === undefined) return [];
    const what = `${describePerturbation(each, good.points)}: ${violation}`;
    return [{ engine, story, perturbation: nameOf(each), what }];
  });
  return { perturbations: chosen.length, broken };
}
