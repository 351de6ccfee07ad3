import { watchedKinds } from './watched-kinds.ts';
import { edits } from './edits.ts';
import { ordinaryDays } from './ordinary-days.ts';
import { reapplies } from './reapply.ts';
import { type Fault, bothWays, cut, leaderOrAny, oneOrBoth, others, someAgent } from './targets.ts';
import type { World } from './world.ts';

export const faults: Record<string, Fault> = {
  ...edits,
  ...ordinaryDays,
  ...reapplies,
  crash: (world) => {
    const agent = leaderOrAny(world);
    if (agent !== undefined) world.kubelets.crash(agent);
    return undefined;
  },
  /** The power fails: every process ends, and comes back with what is on its disk. */
  crashAll: (world) => {
    for (const agent of world.kubelets.agents) world.kubelets.crash(agent);
    return undefined;
  },
  /** Machines are rebooted one after the other, and in the end the power fails. */
  reboots: (world) => {
    const { kernel, kubelets } = world;
    let atMs = 0;
    for (const { pod } of kubelets.agents) {
      kernel.after(atMs, () => {
        const agent = kubelets.agents.find((each) => each.pod.uid === pod.uid);
        if (agent !== undefined) kubelets.crash(agent);
      });
      atMs += kernel.random.between(500, 5_000);
    }
    if (kernel.random.chance(0.5)) kernel.after(atMs, () => void faults['crashAll']?.(world, 0));
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
    if (agent !== undefined) world.api.deletePod(agent.pod.uid, 2);
    return undefined;
  },
  /** The pod is gone from the API while its node is cut off: its process lives on. */
  forceDelete: (world) => {
    const agent = leaderOrAny(world);
    // Not promised: nothing proves the end of a program without an agent if its pod was deleted by force.
    if (agent?.pod.agentPort === undefined) return undefined;
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
    if (world.behaviour.lease) return undefined;
    for (const kind of watchedKinds) {
      if (world.kernel.random.chance(0.5))
        old.watches.stall(kind, world.kernel.random.between(100, 9_000));
    }
    world.startOperator();
    return () => old.die('another has taken over');
  },
  stallWatch: (world, ms) => {
    const kind = world.kernel.random.pick(watchedKinds);
    world.kernel.note('FAULT', () => `the watch of ${kind} stalls`);
    world.operator?.watches.stall(kind, ms);
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
      if (world.isHealed) return;
      for (const { metadata, spec } of api.pods) {
        if (spec?.nodeName === place) api.deletePod(metadata?.uid ?? '', 2);
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
  /** Somebody else gives an order, in an epoch that nobody has reached. */
  stranger: (world) => {
    const agent = leaderOrAny(world);
    if (agent?.pod.agentPort === undefined) return undefined;
    const epoch = Number.MAX_SAFE_INTEGER;
    world.kernel.note('FAULT', () => `a stranger orders ${agent.pod.uid} to fence in ${epoch}`);
    const order = { member: agent.name, epoch, reason: '' };
    agent.deliver(() => agent.order({ kind: 'fence', order }, undefined, () => {}));
    return undefined;
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
