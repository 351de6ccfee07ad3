import { durationMs } from '../../src/api/duration.ts';
import { type Wish, firstWish, specOf } from './setups.ts';
import { type Fault, bothWays, cut, leaderOrAny, others } from './targets.ts';
import type { World } from './world.ts';

/** What a user changes of a live service. Each is undone in the end. */
export const edits: Record<string, Fault> = {
  changeTemplate: (world) => {
    wish(world, { image: `program:${world.kernel.random.below(3)}` });
    return undefined;
  },
  /** Other text of the same meaning: no pod is replaced for that. */
  sameMeaning: (world) => {
    wish(world, { cpu: world.wished.cpu === '100m' ? '0.1' : '100m' });
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
        if (replicas === 0 && !world.behaviour.keepsVolumes) world.checker.giveUp();
        wish(world, { replicas });
      });
    const atMs = kernel.random.chance(0.7) ? kernel.random.between(100, 8_000) : 0;
    if (atMs > 0) wishLater(0, 1);
    wishLater(atMs, 0);
    wishLater(atMs + kernel.random.between(0, 6_000), kernel.random.chance(0.4) ? 3 : 1);
    return () => {
      isHealed = true;
      wish(world, { replicas: 3 });
    };
  },
  /** The user asks for Eventual for a while: what was promised is given up, and promised again later. */
  consistency: (world) => {
    if (!world.behaviour.isStrong || !world.behaviour.replicates) return undefined;
    world.checker.giveUp();
    wish(world, { isEventual: true });
    return () => wish(world, { isEventual: false });
  },
  /** As `consistency`, and when Strong is asked for again the leader reaches neither its followers nor the operator. */
  strongWhileCut: (world, ms) => {
    if (!world.behaviour.isStrong || !world.behaviour.replicates) return undefined;
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
  /** As `consistency`, of a program whose leader has a lease: its pods get an agent, or lose it. */
  leaseConsistency: (world) => {
    if (!world.behaviour.lease) return undefined;
    world.checker.giveUp();
    wish(world, { isEventual: true });
    return () => wish(world, { isEventual: false });
  },
  /** Longer or shorter; and an operator that was just started does not know what the one before has granted. */
  leaseDuration: (world) => {
    if (!world.behaviour.lease) return undefined;
    const { kernel } = world;
    const { random } = kernel;
    wish(world, { leaseDuration: random.pick(['3s', '5s', '10s', '30s']) });
    if (random.chance(0.4)) {
      kernel.after(random.between(0, 3_000), () => {
        if (world.isHealed) return;
        world.operator?.die('it is killed after the edit');
        kernel.after(random.between(10, 1_000), () => world.operator ?? world.startOperator());
      });
    }
    const { leaseDuration } = world.behaviour.wish;
    return random.chance(0.5) ? () => wish(world, { leaseDuration }) : undefined;
  },
  /**
   * As `leaseDuration`, shorter; and the pod of the primary is gone while its process leads on, and so is the operator that has granted
   * its lease.
   */
  shorterWhileLost: (world, ms) => {
    const { kernel, behaviour } = world;
    const { random } = kernel;
    if (!behaviour.lease) return undefined;
    wish(world, { leaseDuration: '3s' });
    let heal = () => {};
    kernel.after(random.between(0, 1_500), () => {
      const agent = world.kubelets.agents.find(({ leadership }) => leadership !== undefined);
      if (world.isHealed || agent?.pod.agentPort === undefined) return;
      const operators = world.operators.map(({ place }) => place);
      heal = cut(
        world,
        ['api', ...operators].flatMap((other) => bothWays(agent.place, other)),
      );
      world.api.removePod(agent.pod.uid);
      world.operator?.die('it is killed after the edit');
      kernel.after(random.between(10, 1_000), () => world.operator ?? world.startOperator());
      kernel.after(ms + 30_000, () => heal());
    });
    return random.chance(0.5) ? () => heal() : undefined;
  },
  heartbeat: (world) => {
    const { random } = world.kernel;
    const [interval, timeout] = random.pick<[string, string]>([
      ['200ms', '700ms'],
      ['500ms', '1500ms'],
      ['1s', '2500ms'],
      ['1s', '6s'],
    ]);
    wish(world, { heartbeat: { interval, timeout, failureThreshold: 1 + random.below(4) } });
    return () => wish(world, { heartbeat: firstWish.heartbeat });
  },
  /** New pods listen elsewhere, those of before do not. */
  ports: (world) => {
    const { random } = world.kernel;
    const change = random.pick([
      { port: 81 },
      { port: 80 },
      { agentPort: 7_601 },
      { port: 81, agentPort: 7_602 },
    ]);
    wish(world, change);
    const { port, agentPort } = firstWish;
    return random.chance(0.5) ? () => wish(world, { port, agentPort }) : undefined;
  },
  /** The next version of a program answers something else: those of before do not know the new question. */
  check: (world) => {
    if (!world.behaviour.lease) return undefined;
    const { answer } = firstWish;
    wish(world, { answer: world.wished.answer === answer ? 'fine' : answer });
    return world.kernel.random.chance(0.5) ? () => wish(world, { answer }) : undefined;
  },
  /** Members must never lead; the primary may be one of them. A member that counts any replica may have to wait for such a one. */
  neverPrimary: (world) => {
    const { random } = world.kernel;
    const neverPrimary = random.chance(0.7)
      ? { ordinals: random.pick([[0], [1], [2], [0, 1], [1, 2]]) }
      : { zones: [random.pick(['a', 'b', 'c'])] };
    wish(world, { neverPrimary });
    const stays = !world.behaviour.anyFollower && random.chance(0.3);
    if (stays && neverPrimary.ordinals?.length !== 2) return undefined;
    return () => wish(world, { neverPrimary: undefined });
  },
  /** Members lead if they can, and now and then take the role back. */
  preferredPrimary: (world) => {
    const { random } = world.kernel;
    const named = random.chance(0.7)
      ? { ordinals: [random.below(3)] }
      : { zones: [random.pick(['a', 'b', 'c'])] };
    const failbackAfter = random.pick(['1s', '20s', '10m']);
    wish(world, {
      preferredPrimary: { ...named, ...(random.chance(0.7) ? { failbackAfter } : {}) },
    });
    return random.chance(0.5) ? () => wish(world, { preferredPrimary: undefined }) : undefined;
  },
  /** Claims are to be deleted with the service and with members that are scaled away, or no more. */
  claimRetention: (world) => {
    const { random } = world.kernel;
    wish(world, { deletesClaims: true, deletesScaledClaims: true });
    // Only a scale-down in this time gives claims away.
    if (random.chance(0.5)) wish(world, { replicas: 2 });
    return random.chance(0.5)
      ? () => wish(world, { deletesClaims: false, deletesScaledClaims: false })
      : undefined;
  },
  pause: (world) => {
    wish(world, { paused: true });
    return () => wish(world, { paused: false });
  },
};

/** A user changes the spec. */
export function wish(world: World, change: Partial<Wish>): void {
  const wished = { ...world.wished, ...change };
  const { replicas, neverPrimary } = wished;
  const excluded = (neverPrimary?.ordinals ?? []).filter((ordinal) => ordinal < replicas);
  const isAdmitted =
    durationMs(wished.leaseDuration) > durationMs(wished.heartbeat.timeout) &&
    (replicas === 0 || excluded.length < replicas);
  world.kernel.note(
    'FAULT',
    () => `a user wishes ${JSON.stringify(change)}${isAdmitted ? '' : ', which is refused'}`,
  );
  // Rules of the CRD.
  if (!isAdmitted) return;
  world.wished = wished;
  world.api.putSpec(specOf(world.behaviour.engine, world.wished));
}
