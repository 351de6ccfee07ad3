import type { Agent } from './agent.ts';
import { Violation } from './checker.ts';
import { chaosFaults, drawChaos, playChaos, request } from './chaos-faults.ts';
import { Clients } from './clients.ts';
import type { Counts } from './experiment-counts.ts';
import { edits } from './edits.ts';
import { faults } from './faults.ts';
import type { Mutant } from './mutant.ts';
import { waitsForForbidden } from './never-primary.ts';
import type { Random } from './random.ts';
import { settledSnapshot } from './settled-snapshot.ts';
import { type Engine, behaviourOf } from './setups.ts';
import { whyNotWhole } from './whole.ts';
import { hasPosition } from './volume.ts';
import { World, chaosRandomOf } from './world.ts';

export interface ScenarioOptions {
  engine: Engine;
  seed: number;
  mutant?: Mutant;
  /** Names of the faults to choose from. Default: all. */
  faultNames?: readonly string[] | undefined;
  traced?: boolean;
}

export interface Outcome {
  /** The violation; undefined if there was none. */
  violation: string | undefined;
  /** Too much data was destroyed for anybody to know that nothing is missing: it waits, rightly, for a person. */
  waits: boolean;
  decides: number;
  acknowledged: number;
  /** Virtual milliseconds. */
  ms: number;
  epochs: number;
  /** What became of experiments. */
  experiments: Counts;
  trace: string[];
}

/** How long after the end of all faults it may take to be whole again: failovers that follow one another rest up to 80 s. */
const convergeMs = 400_000;
/** How long it must stay as it is to count as quiet: the lag is looked at every ten seconds. */
const quietMs = 12_000;

export const allFaultNames: readonly string[] = Object.keys({ ...faults, ...chaosFaults });

/** One life of a service: it is up, or comes up; faults, singly and together; all is healed; it must be whole, and still. */
export function play({
  engine,
  seed,
  mutant = {},
  faultNames = allFaultNames,
  traced = false,
}: ScenarioOptions): Outcome {
  const chaosRandom = chaosRandomOf(seed);
  const chaos = chaosRandom.chance(0.7) ? drawChaos(chaosRandom) : undefined;
  const behaviour = behaviourOf(engine, seed % 2 === 0, chaos);
  const world = new World({ seed, behaviour, mutant, traced });
  let violation: string | undefined;
  let waits = false;
  try {
    waits = run(world, engine, faultNames);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  const { decides, checker, kernel, experiments, experimentCounts } = world;
  return {
    experiments: { ...experimentCounts.counts, killed: experiments.killed },
    violation,
    waits,
    decides,
    acknowledged: checker.acknowledged,
    epochs: checker.epochs,
    ms: kernel.nowMs,
    trace: kernel.trace ?? [],
  };
}

/** Edits after which all pods are replaced, and what is to happen in the middle of that more often than by chance. */
const rollouts = [
  'changeTemplate',
  'ports',
  'leaseDuration',
  'leaseConsistency',
  'check',
  'drain',
  'requestRestart',
];
const duringRollouts = [
  ...['crash', 'wipe', 'restartOperator', 'crashBetweenWrites', 'deletePod', 'cutNode', 'freeze'],
  ...['loseClaim', 'slowVolume', 'slowCopy'],
];

function drawFault(random: Random, names: readonly string[], last: string): string {
  const fitting = rollouts.includes(last)
    ? duringRollouts.filter((name) => names.includes(name))
    : [];
  return random.pick(fitting.length > 0 && random.chance(0.6) ? fitting : names);
}

/** @returns Whether it waits, rightly, in the end. */
function run(world: World, engine: Engine, faultNames: readonly string[]): boolean {
  const { kernel } = world;
  const { random } = kernel;
  const isPlain = engine === 'lease' && random.chance(0.15);
  if (isPlain || !random.chance(0.08)) world.settle(settledSnapshot(world.behaviour), isPlain);
  world.startOperator();
  const clients = new Clients(world);
  kernel.runUntil(kernel.nowMs + random.between(100, 3_000));
  const chaosHeals = playChaos(world, faultNames);
  if (chaosHeals.isPlayed) world.experimentCounts.start();
  const others = faultNames.filter((name) => faults[name] !== undefined);
  // At first nothing else happens, so that experiments begin.
  if (chaosHeals.isPlayed && world.chaosRandom.chance(0.6))
    kernel.runUntil(kernel.nowMs + world.chaosRandom.between(2_000, 9_000));
  const heals: (() => void)[] = [];
  if (random.chance(0.2)) world.network.duplicates = 0.3;
  const count = 1 + random.below(random.chance(0.2) ? 8 : 4);
  // So long that followers without their leader are not waited for any more.
  const isLong = random.chance(0.1);
  let last = '';
  for (let i = 0; i < count; i++) {
    if (others.length === 0) break;
    const name = drawFault(random, others, last);
    last = name;
    const most = isLong ? 45_000 : 15_000;
    const ms = random.chance(0.5) ? random.between(10, 1_500) : random.between(500, most);
    kernel.note('FAULT', () => `${name}, ${Math.round(ms)} ms`);
    world.faultMs = Math.max(world.faultMs, kernel.nowMs + ms);
    const heal = faults[name]?.(world, ms);
    if (edits[name] === undefined) {
      world.disturb();
      kernel.after(ms, () => world.disturb());
    }
    if (heal !== undefined) {
      let isHealed = false;
      const once = () => {
        if (!isHealed) heal();
        isHealed = true;
      };
      kernel.after(ms, once);
      heals.push(once);
    }
    kernel.runUntil(
      kernel.nowMs + (random.chance(0.4) ? random.between(0, 60) : random.between(60, 5_000)),
    );
  }
  kernel.runUntil(kernel.nowMs + random.between(0, isLong ? 40_000 : 10_000));
  kernel.note('FAULT', () => 'everything is healed');
  world.isHealed = true;
  world.disturb();
  for (const heal of [...heals, ...chaosHeals.heals]) heal();
  world.network.healAll();
  world.faultMs = Math.max(world.faultMs, kernel.nowMs);
  // Once more, while the service recovers or is whole again.
  if (chaosHeals.isPlayed && world.chaosRandom.chance(0.3))
    kernel.after(world.chaosRandom.between(0, 15_000), () => request(world));
  return converge(world, clients);
}

function converge(world: World, clients: Clients): boolean {
  const { kernel, api, checker } = world;
  const healedMs = kernel.nowMs;
  const giveUpMs = kernel.nowMs + convergeMs;
  let stillSinceMs = kernel.nowMs;
  let before = api.version;
  let takesWrites = false;
  for (;;) {
    kernel.runUntil(kernel.nowMs + 500);
    if (world.operator === undefined) world.startOperator();
    world.operators.slice(0, -1).forEach((old) => old.die('it was replaced'));
    world.experiments.checkEnds(healedMs);
    const why = whyNotWhole(world) ?? whyNotEnded(world);
    if (why !== undefined || api.version !== before) stillSinceMs = kernel.nowMs;
    before = api.version;
    // Acknowledgements are still on their way, but nobody writes any more.
    if (kernel.nowMs - stillSinceMs >= 1_500 && !takesWrites) {
      clients.stop();
      const acknowledged = checker.acknowledged;
      clients.writeOnce();
      kernel.runUntil(kernel.nowMs + 1_000);
      takesWrites = checker.acknowledged > acknowledged;
      // An order that came late may just have changed everything: then the write is tried again.
      const isStill = api.version === before && whyNotWhole(world) === undefined;
      if (!takesWrites && isStill) throw new Violation('it looks whole, but takes no writes');
    }
    if (takesWrites && kernel.nowMs - stillSinceMs >= quietMs) break;
    if (kernel.nowMs > giveUpMs - convergeMs / 2 && mayWait(world)) return true;
    if (kernel.nowMs > giveUpMs) {
      throw new Violation(
        `not whole or not still ${convergeMs / 1000} s after all faults: ${why ?? 'it keeps changing'}`,
      );
    }
  }
  const leader = world.kubelets.agents.find(({ leadership }) => leadership !== undefined);
  if (leader !== undefined) checker.checkHeld(leader);
  return false;
}

/** The resource is new, and of the data that are left those of the last leader are not there, nor are all positions known. */
function isUnsure({ kubelets, checker }: World): boolean {
  const left = kubelets.agents.filter(({ name }) => kubelets.isTrusted(name));
  const newest = Math.max(...kubelets.agents.map(({ volume }) => volume.epoch));
  const isLast = ({ volume }: Agent) =>
    volume.ledEpoch === newest && checker.holdsAll(volume.data?.log ?? []);
  // What a copy that is not complete holds does not count.
  const isKnown = ({ name, following }: Agent) =>
    following?.cloning !== true && hasPosition(kubelets.dataOf(name));
  // What one had before it was to be made a copy of a leader that is gone may be newer than what the others have.
  const isHalf = kubelets.agents.some(({ following }) => following?.cloning === true);
  const areKnown = left.length > 0 && left.every(isKnown) && !isHalf;
  return !left.some(isLast) && !areKnown;
}

const whyNotEnded = ({ api }: World): string | undefined =>
  api.service.status.chaos?.experiment === undefined ? undefined : 'an experiment runs';

/**
 * Too few copies are left to know that they hold every write: the primary's is not there, and of those whose acknowledgements
 * it asked for too many have none, or one whose position is forgotten.
 */
function mayWait(world: World): boolean {
  const { api, kubelets, behaviour } = world;
  const { conditions, primary, initialized, syncSets = [] } = api.service.status;
  const blocked = conditions?.find(({ type }) => type === 'FailoverBlocked');
  if (waitsForForbidden(world)) return true;
  if (blocked?.status !== 'True') return false;
  if (primary === undefined && blocked.reason === 'NoCandidate') return isUnsure(world);
  if (initialized !== true) return false;
  if (blocked.reason !== 'QuorumMissing' && blocked.reason !== 'NoCandidate') return false;
  if (!behaviour.isStrong) {
    // Volumes of members that were scaled away are not looked at.
    const names = [primary ?? '', ...api.pods.map(({ metadata }) => metadata?.name ?? '')];
    return names.every((name) => kubelets.dataOf(name) === undefined);
  }
  if (primary !== undefined && kubelets.isTrusted(primary)) return false;
  if (syncSets.length === 0) return true;
  return syncSets.some(({ members, acks }) => {
    const known = members.filter((name) => hasPosition(kubelets.dataOf(name)));
    return known.length < members.length - acks + 1;
  });
}
