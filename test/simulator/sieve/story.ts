import { restartAnnotation } from '../../../src/api/labels.ts';
import type { Agent } from '../agent.ts';
import { Violation } from '../checker.ts';
import { Clients } from '../clients.ts';
import { wish } from '../edits.ts';
import { reapplies } from '../reapply.ts';
import { t0, timestamp } from '../time.ts';
import { whyNotWhole } from '../whole.ts';
import type { World } from '../world.ts';

/** What a user does, or what befalls a service. */
type Step = (world: World) => void;

const leaderOf = ({ kubelets }: World): Agent | undefined =>
  kubelets.agents.find(({ leadership }) => leadership !== undefined);

const scale =
  (replicas: number): Step =>
  (world) =>
    wish(world, { replicas });

/** Stories of one service, which together make an operator write all that it ever writes. The first begins with nothing. */
export const stories = {
  create: [(world) => void world.startOperator()],
  editTemplate: [(world) => wish(world, { image: 'program:1' })],
  editPorts: [(world) => wish(world, { port: 81, agentPort: 7_601 })],
  editHeartbeat: [
    (world) =>
      wish(world, { heartbeat: { interval: '500ms', timeout: '3s', failureThreshold: 3 } }),
    (world) => wish(world, { leaseDuration: '15s' }),
  ],
  editClaims: [
    (world) => wish(world, { storage: '2Gi', deletesClaims: true }),
    (world) => wish(world, { deletesClaims: false }),
  ],
  editNames: [
    (world) => {
      const { service } = world.api;
      const metadata = { ...service.metadata, labels: { team: 'blue' } };
      world.api.put('haservices', { ...service, metadata });
      wish(world, { inherits: true, serviceType: 'NodePort' });
    },
    (world) => wish(world, { inherits: false, serviceType: 'ClusterIP' }),
  ],
  forbidPrimary: [
    (world) => {
      const [, ordinal] = /-(\d+)$/.exec(world.api.service.status.primary ?? '') ?? [];
      wish(world, { neverPrimary: { ordinals: [Number(ordinal)] } });
    },
    (world) => wish(world, { neverPrimary: undefined }),
  ],
  scale: [scale(5), scale(2)],
  crash: [
    (world) => {
      const leader = leaderOf(world);
      if (leader !== undefined) world.kubelets.crash(leader);
    },
  ],
  deletePod: [({ api }) => api.deletePod(api.service.status.primaryUID ?? '', 2)],
  restart: [
    ({ api, kernel }) => api.annotate({ [restartAnnotation]: timestamp(t0 + kernel.nowMs) }),
  ],
  stop: [scale(0), scale(3)],
  reapply: [(world) => void reapplies['reapply']?.(world, 0)],
} satisfies Record<string, readonly Step[]>;

export type StoryName = keyof typeof stories;
export const storyNames = Object.keys(stories) as StoryName[];

/** How long a step may take: failovers that follow one another rest up to 80 s, and a lease is waited for. */
const mostMs = 300_000;
/** How long nothing may change until the next step begins, and in the end: the lag is looked at every ten seconds. */
const quietMs = 2_000;
const lastQuietMs = 12_000;

/** @throws Violation if a promise is broken, or a step has no end. */
export function playStory(world: World, name: StoryName): void {
  const { kernel, checker } = world;
  const clients = new Clients(world);
  const steps: readonly Step[] = stories[name];
  steps.forEach((begin, i) => {
    kernel.note('STEP', () => `${name}, step ${i + 1}`);
    begin(world);
    awaitRest(world, i === steps.length - 1 ? lastQuietMs : quietMs);
  });
  clients.stop();
  const { acknowledged } = checker;
  clients.writeOnce();
  kernel.runUntil(kernel.nowMs + 1_000);
  if (checker.acknowledged === acknowledged) checker.fail('it looks whole, but takes no writes');
  // The last write may show a follower that its link is broken.
  awaitRest(world, quietMs);
  const leader = leaderOf(world);
  if (leader !== undefined) checker.checkHeld(leader);
}

function awaitRest(world: World, quiet: number): void {
  const { kernel, api } = world;
  const giveUpMs = kernel.nowMs + mostMs;
  let version = api.version;
  let sinceMs = kernel.nowMs;
  while (kernel.nowMs - sinceMs < quiet) {
    kernel.runUntil(kernel.nowMs + 250);
    const why = whyNotAsWished(world);
    if (why !== undefined || api.version !== version) sinceMs = kernel.nowMs;
    version = api.version;
    if (kernel.nowMs > giveUpMs) {
      throw new Violation(`it has no end: ${why ?? 'it keeps changing'}`);
    }
  }
}

/** At 0 replicas nothing is whole, and nothing must be left. */
function whyNotAsWished(world: World): string | undefined {
  if (world.operator === undefined) return 'no operator runs';
  const { spec, status } = world.api.service;
  const progress = status.conditions?.find(({ type }) => type === 'Progressing');
  if (spec.replicas > 0 && progress?.status === 'True') return progress.message;
  if (spec.replicas > 0) return whyNotWhole(world);
  const isStopped = world.api.pods.length === 0 && status.phase === 'Stopped';
  return isStopped ? undefined : `phase ${status.phase}`;
}
