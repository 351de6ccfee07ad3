import type { Agent } from './agent.ts';
import { t0 } from './operator.ts';
import { type Wish, specOf } from './setups.ts';
import type { World } from './world.ts';

/** Does harm; what it returns makes good what does not mend itself. */
type Fault = (world: World, ms: number) => (() => void) | undefined;

const someAgent = ({ kubelets, kernel }: World): Agent | undefined => {
  const { agents } = kubelets;
  return agents.length === 0 ? undefined : kernel.random.pick(agents);
};

/** Mostly the one that matters. */
const leaderOrAny = (world: World): Agent | undefined => {
  const leader = world.kubelets.agents.find(({ leadership }) => leadership !== undefined);
  return leader !== undefined && world.kernel.random.chance(0.7) ? leader : someAgent(world);
};

const others = (world: World, place: string): string[] =>
  [
    'api',
    ...world.operators.map((operator) => operator.place),
    ...world.kubelets.agents.map((agent) => agent.place),
  ].filter((each) => each !== place);

function cut(world: World, links: [string, string][]): () => void {
  world.kernel.note('FAULT', () => `cut: ${links.map((link) => link.join('>')).join(' ')}`);
  for (const [from, to] of links) world.network.cut(from, to);
  return () => {
    world.kernel.note('FAULT', () => `heals: ${links.map((link) => link.join('>')).join(' ')}`);
    for (const [from, to] of links) world.network.heal(from, to);
  };
}

const bothWays = (a: string, b: string): [string, string][] => [
  [a, b],
  [b, a],
];

function oneOrBoth(world: World, a: string, b: string): [string, string][] {
  const both = bothWays(a, b);
  return world.kernel.random.chance(0.6) ? both : [world.kernel.random.pick(both)];
}

export const faults: Record<string, Fault> = {
  crash: (world) => {
    const agent = leaderOrAny(world);
    if (agent !== undefined) world.kubelets.crash(agent);
    return undefined;
  },
  wipe: (world) => {
    const agent = leaderOrAny(world);
    if (agent !== undefined) world.kubelets.crash(agent, true);
    return undefined;
  },
  freeze: (world) => {
    const agent = leaderOrAny(world);
    world.kernel.note('FAULT', () => `freezes ${agent?.pod.uid}`);
    agent?.freeze();
    return () => {
      world.kernel.note('FAULT', () => `thaws ${agent?.pod.uid}`);
      agent?.thaw();
    };
  },
  cutNode: (world) => {
    const place = leaderOrAny(world)?.place ?? 'n0';
    return cut(
      world,
      others(world, place).flatMap((other) => oneOrBoth(world, place, other)),
    );
  },
  cutFromMembers: (world) => {
    const place = leaderOrAny(world)?.place ?? 'n0';
    const members = others(world, place).filter((other) => other.startsWith('n'));
    return cut(
      world,
      members.flatMap((other) => oneOrBoth(world, place, other)),
    );
  },
  cutPair: (world) => {
    const { random } = world.kernel;
    const place = leaderOrAny(world)?.place ?? 'n0';
    return cut(world, oneOrBoth(world, place, random.pick(others(world, place))));
  },
  cutFromOperator: (world) => {
    const place = leaderOrAny(world)?.place ?? 'n0';
    const operators = world.operators.map((operator) => operator.place);
    return cut(
      world,
      operators.flatMap((other) => oneOrBoth(world, place, other)),
    );
  },
  cutOperator: (world) => {
    const place = world.operator?.place ?? 'op1';
    return cut(
      world,
      others(world, place).flatMap((other) => oneOrBoth(world, place, other)),
    );
  },
  cutOperatorFromApi: (world) =>
    cut(world, oneOrBoth(world, world.operator?.place ?? 'op1', 'api')),
  loss: (world) => {
    world.network.loss = 0.05;
    return () => void (world.network.loss = 0);
  },
  lateness: (world) => {
    world.network.lateness = 0.2;
    return () => void (world.network.lateness = 0);
  },
  deletePod: (world) => {
    const agent = leaderOrAny(world);
    const { nowMs } = world.kernel;
    if (agent !== undefined) world.api.deletePod(agent.pod.uid, t0 + nowMs, 2_000);
    return undefined;
  },
  /** The pod is gone from the API while its node is cut off: its process lives on. */
  forceDelete: (world) => {
    const agent = leaderOrAny(world);
    if (agent === undefined) return undefined;
    const links = bothWays(agent.place, 'api');
    if (world.kernel.random.chance(0.5)) {
      for (const { place } of world.operators) links.push(...bothWays(agent.place, place));
    }
    const heal = cut(world, links);
    world.api.removePod(agent.pod.uid);
    return heal;
  },
  restartOperator: (world) => {
    world.operator?.die('it is killed');
    const { random } = world.kernel;
    world.kernel.after(random.between(10, 3_000), () => startOne(world));
    return undefined;
  },
  /** Dies after one of its next writes or orders. */
  crashBetweenWrites: (world) => {
    const { operator } = world;
    if (operator === undefined) return undefined;
    operator.crashAfter = 1 + world.kernel.random.below(5);
    const again = () => {
      if (operator.isAlive) world.kernel.after(100, again);
      else world.kernel.after(world.kernel.random.between(10, 2_000), () => startOne(world));
    };
    again();
    return () => void (operator.crashAfter = Infinity);
  },
  /** A new operator begins while the old one runs on, sees nothing new, and is not told. */
  twoOperators: (world) => {
    const old = world.operator;
    if (old === undefined || world.operators.length > 1) return undefined;
    // Not promised: neither knows of the time that the other grants.
    if (world.habits.lease) return undefined;
    for (const kind of ['service', 'slice', 'pod'] as const) {
      if (world.kernel.random.chance(0.5))
        old.cache.stall(kind, world.kernel.random.between(100, 9_000));
    }
    world.startOperator();
    return () => old.die('another has taken over');
  },
  stallWatch: (world, ms) => {
    const kind = world.kernel.random.pick(['service', 'slice', 'pod'] as const);
    world.kernel.note('FAULT', () => `the watch of ${kind} stalls`);
    world.operator?.cache.stall(kind, ms);
    return undefined;
  },
  /** The wall clock is set: forwards or back. */
  jumpClock: (world) => {
    const ms = world.kernel.random.between(-8_000, 8_000);
    world.kernel.note('FAULT', () => `the operator's wall clock jumps by ${Math.round(ms)} ms`);
    if (world.operator !== undefined) world.operator.skewMs += ms;
    return undefined;
  },
  /** A node is cut off for so long that its pods are to be deleted, and replaced. */
  loseNode: (world, ms) => {
    const agent = leaderOrAny(world);
    if (agent === undefined) return undefined;
    const { place } = agent;
    const heal = cut(
      world,
      others(world, place).flatMap((other) => bothWays(place, other)),
    );
    const { kernel, api } = world;
    kernel.after(ms / 3, () => {
      for (const { member } of api.pods.values()) {
        if (member.node === place) api.deletePod(member.uid, t0 + kernel.nowMs, 2_000);
      }
    });
    // Its pods are given up ten seconds after their grace.
    let isHealed = false;
    const late = () => {
      if (!isHealed) heal();
      isHealed = true;
    };
    kernel.after(kernel.random.between(0, 20_000), late);
    return kernel.random.chance(0.5) ? late : undefined;
  },
  changeTemplate: (world) => {
    wish(world, { image: `program:${world.kernel.random.below(3)}` });
    return undefined;
  },
  scale: (world) => {
    wish(world, { replicas: world.kernel.random.pick([2, 4, 5, 3]) });
    return world.kernel.random.chance(0.5) ? () => wish(world, { replicas: 3 }) : undefined;
  },
  /** To 0 and back, through 1 or not. */
  stop: (world) => {
    const { kernel } = world;
    let isHealed = false;
    const wishLater = (ms: number, replicas: number) =>
      kernel.after(ms, () => {
        if (isHealed) return;
        if (replicas === 0 && !world.habits.keepsVolumes) world.checker.giveUp();
        wish(world, { replicas });
      });
    const atMs = kernel.random.chance(0.5) ? kernel.random.between(100, 8_000) : 0;
    if (atMs > 0) wishLater(0, 1);
    wishLater(atMs, 0);
    wishLater(atMs + kernel.random.between(0, 6_000), kernel.random.chance(0.7) ? 3 : 1);
    return () => {
      isHealed = true;
      wish(world, { replicas: 3 });
    };
  },
  /** The user asks for Eventual for a while: what was promised is given up, and promised again later. */
  consistency: (world) => {
    if (!world.habits.isStrong || !world.habits.replicates) return undefined;
    world.checker.giveUp();
    wish(world, { isEventual: true });
    return () => wish(world, { isEventual: false });
  },
  /** As `consistency`, and when Strong is asked for again the leader reaches neither its followers nor the operator. */
  strongWhileCut: (world, ms) => {
    if (!world.habits.isStrong || !world.habits.replicates) return undefined;
    const { kernel } = world;
    world.checker.giveUp();
    wish(world, { isEventual: true });
    let isHealed = false;
    let heal = () => {};
    kernel.after(kernel.random.between(50, 3_000), () => {
      if (isHealed) return;
      const place = leaderOrAny(world)?.place ?? 'n0';
      const asked = others(world, place).filter((other) => other !== 'api');
      const cuts = asked.flatMap((other) => bothWays(place, other));
      heal = cut(world, cuts);
      const back = () => wish(world, { isEventual: false });
      kernel.after(kernel.random.between(0, 1_000), back);
      kernel.after(ms + 3_000, () => heal());
    });
    return () => {
      isHealed = true;
      heal();
      wish(world, { isEventual: false });
    };
  },
  /** Somebody else gives an order, in an epoch that nobody has reached. */
  stranger: (world) => {
    const agent = leaderOrAny(world);
    if (agent?.pod.hasAgent !== true) return undefined;
    const epoch = Number.MAX_SAFE_INTEGER;
    world.kernel.note('FAULT', () => `a stranger orders ${agent.pod.uid} to fence in ${epoch}`);
    const order = { member: agent.name, epoch, reason: '' };
    agent.deliver(() => agent.order({ kind: 'fence', order }, undefined, () => {}));
    return undefined;
  },
  pause: (world) => {
    wish(world, { paused: true });
    return () => wish(world, { paused: false });
  },
  cannotLead: (world) => {
    const agent = someAgent(world);
    if (agent !== undefined) agent.cannotLead = true;
    world.kernel.note('FAULT', () => `${agent?.pod.uid} cannot be promoted`);
    return () => {
      if (agent !== undefined) agent.cannotLead = false;
    };
  },
};

function startOne(world: World): void {
  if (world.operator === undefined) world.startOperator();
}

/** A user changes the spec. */
function wish(world: World, change: Partial<Wish>): void {
  const { spec } = world.api.service;
  const { containers } = spec.template.spec as { containers: { image: string }[] };
  const { keepsVolumes } = world.habits;
  const now = {
    keepsVolumes,
    replicas: spec.replicas,
    image: containers[0]?.image ?? '',
    paused: spec.paused,
    isEventual: world.habits.isStrong && spec.failover.consistency === 'Eventual',
  };
  world.kernel.note('FAULT', () => `a user wishes ${JSON.stringify(change)}`);
  world.api.putSpec(specOf(world.habits.engine, { ...now, ...change }));
}
