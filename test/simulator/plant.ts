import type { Mutant } from './mutant.ts';
import type { Engine } from './setups.ts';
import type { StoryName } from './sieve/story.ts';

/** How a plant is found. */
export interface Find {
  engine: Engine;
  /** What the checker says. */
  by: RegExp;
  /** The faults that can bring it about, if it is rare among all. */
  faults?: string[];
  /** A seed from which on it is found soon: later changes of the loop move it. */
  from: number;
}

export interface Plant {
  /** What is wrong, in a sentence. */
  breaks: string;
  mutant: Mutant;
  found: Find[];
  /** How a perturbed story finds it, in place of seeds. */
  inStories?: StoryFind[];
  /** How the exhaustive search of a spec that is edited finds it. */
  inSearch?: SearchFind;
}

interface SearchFind {
  edits: number;
  by: RegExp;
}

/** A story that breaks if it is perturbed. */
export interface StoryFind {
  engine: Engine;
  story: StoryName;
  by: RegExp;
}
