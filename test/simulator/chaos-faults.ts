import { chaosAnnotation } from '../../src/api/labels.ts';
import { type ChaosSpec, chaosSchema } from '../../src/api/chaos-spec.ts';
import { wish } from './edits.ts';
import type { Random } from './random.ts';
import { t0 } from './time.ts';
import type { Fault } from './targets.ts';
import type { World } from './world.ts';

/** The experiments of one life. Not all can take place: some of them a service of three members must refuse. */
export function drawChaos(random: Random): ChaosSpec {
  const action = random.pick(['PodKill', 'PodKill', 'PodDelete', 'Evict', 'ZoneKill']);
  const isZone = action === 'ZoneKill';
  // Several members together, as far as the quorum allows.
  const isWide = random.chance(0.25);
  const target = random.pick([{}, { role: 'Primary' }, { role: 'Primary' }, { role: 'Standby' }]);
  const isPrimary = 'role' in target && target.role === 'Primary';
  return chaosSchema.parse({
    action,
    target,
    ...(isWide ? { minHealthy: 1 } : {}),
    ...(isWide && !isZone && !isPrimary ? { amount: random.pick([2, 2, '50%', 3]) } : {}),
    announce: random.pick(['0s', '0s', '1s', '4s']),
    minPodAge: '0s',
    recoveryObjective: random.pick(['10s', '30s', '30s']),
    onFailure: 'Continue',
  });
}

export const request = (world: World) =>
  world.api.annotate({ [chaosAnnotation]: new Date(t0 + world.kernel.nowMs).toISOString() });

/** Users of chaos, by what they do. They choose by a row of random numbers of their own. */
export const chaosFaults: Record<string, Fault> = {
  /** A user asks for experiments, now and then. */
  experiment: (world, ms) => {
    const { kernel, chaosRandom } = world;
    const again = chaosRandom.below(4);
    for (let i = 0; i <= again; i++) {
      kernel.after(i === 0 ? 0 : chaosRandom.between(0, ms), () => {
        kernel.note('FAULT', () => 'a user asks for an experiment');
        request(world);
      });
    }
    return undefined;
  },
  /** As `experiment`, and the operator ends at one of the steps. */
  experimentAndDeath: (world, ms) => {
    request(world);
    const { kernel, chaosRandom, operator } = world;
    if (operator === undefined) return undefined;
    // The intent, the kill, its outcome, and what follows.
    operator.crashAfter = 1 + chaosRandom.below(5);
    const againMs = chaosRandom.between(10, Math.min(ms, 5_000));
    const again = () => {
      if (operator.isAlive && !world.isHealed) kernel.after(100, again);
      else kernel.after(againMs, () => world.operator ?? world.startOperator());
    };
    again();
    return () => void (operator.crashAfter = Infinity);
  },
  /** Experiments by a schedule, at random times. */
  schedule: (world) => {
    const { chaos } = world.behaviour.spec;
    if (chaos === undefined) return undefined;
    const meanTimeBetween = `${1 + world.chaosRandom.below(6)}s`;
    wish(world, { chaos: { ...chaos, meanTimeBetween } });
    return () => wish(world, { chaos });
  },
  /** A user stops experiments, in the one way or the other. */
  stopChaos: (world) => {
    const { chaos } = world.behaviour.spec;
    if (chaos === undefined) return undefined;
    const stopped = world.chaosRandom.chance(0.5) ? undefined : { ...chaos, suspend: true };
    wish(world, { chaos: stopped });
    return () => wish(world, { chaos });
  },
};

const names = Object.keys(chaosFaults);

export interface PlayedChaos {
  isPlayed: boolean;
  /** Filled while they are played. */
  heals: (() => void)[];
}

/** Plays some of these beside the other faults. */
export function playChaos(world: World, faultNames: readonly string[]): PlayedChaos {
  const { kernel, chaosRandom } = world;
  const chosen = names.filter((name) => faultNames.includes(name));
  const heals: (() => void)[] = [];
  if (chosen.length === 0 || world.behaviour.spec.chaos === undefined)
    return { isPlayed: false, heals };
  const count = 1 + chaosRandom.below(3);
  for (let i = 0; i < count; i++) {
    const name = chaosRandom.pick(chosen);
    const ms = chaosRandom.between(500, 12_000);
    kernel.after(chaosRandom.between(0, 8_000), () => {
      if (world.isHealed) return;
      kernel.note('FAULT', () => `${name}, ${Math.round(ms)} ms`);
      const heal = chaosFaults[name]?.(world, ms);
      if (heal !== undefined) heals.push(heal);
    });
  }
  return { isPlayed: true, heals };
}
