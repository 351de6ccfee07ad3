import type { Engine } from '../setups.ts';
import { type Perturbation, perturbationNamed } from './perturbation.ts';
import type { BrokenStory, SieveTotals } from './play.ts';
import { type StoryName, storyNames } from './story.ts';

export interface Perturbed {
  story: StoryName;
  perturbation: Perturbation;
}

/** As `describeSieve` names it: story/kind:number. */
export function perturbedNamed(text: string): Perturbed | undefined {
  const [name, what = ''] = text.split('/');
  const story = storyNames.find((each) => each === name);
  const perturbation = perturbationNamed(what);
  return story === undefined || perturbation === undefined ? undefined : { story, perturbation };
}

/** One line for each story that breaks, with what a person types to play it again; the totals last. */
export const describeSieve = (
  engine: Engine,
  { perturbations, broken }: SieveTotals,
  plant?: string,
): string =>
  [
    ...broken.map((each) => describeBroken(each, plant)),
    `${engine}: ${perturbations} perturbations of ${storyNames.length} stories, ${broken.length} broken`,
  ].join('\n');

export function describeBroken(
  { engine, story, perturbation, what }: BrokenStory,
  plant?: string,
): string {
  const one = perturbation === undefined ? '--sieve' : `--perturb ${story}/${perturbation}`;
  const planted = plant === undefined ? '' : ` --plant ${plant}`;
  return `${engine} ${story}: ${what}\n  repeat: npm run simulate -- --engine ${engine} ${one}${planted}`;
}
