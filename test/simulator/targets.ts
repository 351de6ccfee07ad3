import type { Agent } from './agent.ts';
import type { World } from './world.ts';

/** Does harm; what it returns makes good what does not mend itself. */
export type Fault = (world: World, ms: number) => (() => void) | undefined;

export const someAgent = ({ kubelets, kernel }: World): Agent | undefined => {
  const { agents } = kubelets;
  return agents.length === 0 ? undefined : kernel.random.pick(agents);
};

/** Mostly the one that matters. */
export const leaderOrAny = (world: World): Agent | undefined => {
  const leader = world.kubelets.agents.find(({ leadership }) => leadership !== undefined);
  return leader !== undefined && world.kernel.random.chance(0.7) ? leader : someAgent(world);
};

export const others = (world: World, place: string): string[] =>
  [
    'api',
    ...world.operators.map((operator) => operator.place),
    ...world.kubelets.agents.map((agent) => agent.place),
  ].filter((each) => each !== place);

export function cut(world: World, links: [string, string][]): () => void {
  world.kernel.note('FAULT', () => `cut: ${links.map((link) => link.join('>')).join(' ')}`);
  world.disturb();
  for (const [from, to] of links) world.network.cut(from, to);
  return () => {
    world.kernel.note('FAULT', () => `heals: ${links.map((link) => link.join('>')).join(' ')}`);
    world.disturb();
    for (const [from, to] of links) world.network.heal(from, to);
  };
}

export const bothWays = (a: string, b: string): [string, string][] => [
  [a, b],
  [b, a],
];

export function oneOrBoth(world: World, a: string, b: string): [string, string][] {
  const both = bothWays(a, b);
  return world.kernel.random.chance(0.6) ? both : [world.kernel.random.pick(both)];
}
