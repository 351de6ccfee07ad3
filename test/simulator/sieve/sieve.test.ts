import { expect, it } from 'vitest';
import { plants } from '../plants.ts';
import { engines } from '../setups.ts';
import { describeBroken, perturbedNamed } from './describe.ts';
import { nameOf, perturbationsOf } from './perturbation.ts';
import { playStories } from './play-stories.ts';
import { judge, playOnce } from './play.ts';

/** One of so many perturbations, so that all take about a minute. Odd, so that each kind has its turn. */
const every = process.env['CI'] === undefined ? 45 : 15;

it(
  'comes to the same end, whatever single act or change of a story is perturbed',
  async () => {
    const { perturbations, broken } = await playStories({ engines, every });
    console.log(`${perturbations} perturbations`);
    expect(broken.map((each) => describeBroken(each))).toEqual([]);
    expect(perturbations).toBeGreaterThan(12_000 / every);
  },
  // A slow, busy machine needs this long.
  600_000,
);

const finds = Object.entries(plants).flatMap(([plant, { inStories = [] }]) =>
  inStories.map((find) => ({ plant, ...find })),
);

it.each(finds)(
  'detects the plant $plant ($engine, $story)',
  ({ plant, engine, story, by }) => {
    const options = { engine, story, plant };
    const good = playOnce(options);
    // Without a perturbation nobody notices.
    expect(good.violation).toBeUndefined();
    const found = perturbationsOf(good.points).find((each) =>
      by.test(judge(options, each, good).violation ?? ''),
    );
    console.log(plant, engine, story, found && nameOf(found));
    expect(found).toBeDefined();
  },
  300_000,
);

it('plays a perturbed story again by its name', () => {
  const named = perturbedNamed('crash/dies-after:3');
  expect(named).toEqual({ story: 'crash', perturbation: { kind: 'dies-after', at: 3 } });
  expect(perturbedNamed('crash/dies-after')).toBeUndefined();
  expect(perturbedNamed('crash/dies:3')).toBeUndefined();
  expect(perturbedNamed('flood/dies-after:3')).toBeUndefined();
  const options = { engine: 'redis', story: 'crash', traced: true } as const;
  const good = playOnce(options);
  const traces = [1, 2].map(() => named && judge(options, named.perturbation, good).trace);
  expect(traces[0]?.length).toBeGreaterThan(20);
  expect(traces[0]).toEqual(traces[1]);
});
