import {
  failoverNowAnnotation,
  restartAnnotation,
  switchoverAnnotation,
} from '../../src/api/labels.ts';
import { isTooManyRequests } from '../../src/kube/api-error.ts';
import type { Pod } from '../../src/kube/api-types.ts';
import { deleteClaims } from './claims.ts';
import { filled } from './nodes.ts';
import { owned, release } from './reapply.ts';
import { type Fault, leaderOrAny } from './targets.ts';
import { t0, timestamp } from './time.ts';
import type { World } from './world.ts';

/** What happens to nodes, claims and volumes on ordinary days, without any edit of the resource. */
export const ordinaryDays: Record<string, Fault> = {
  /** A node is cordoned and its pods are evicted, as far as the budget allows; or one node after the other, for an upgrade. */
  drain: (world, ms) => {
    const { kernel, api } = world;
    const { random } = kernel;
    const places = new Set(world.kubelets.agents.map(({ place }) => place));
    const first = leaderOrAny(world)?.place ?? 'n0';
    const others = random.chance(0.4) ? [...places].filter((each) => each !== first) : [];
    const left = [first, ...others];
    let isOver = false;
    let place = left.shift();
    const begin = (next: string) => {
      kernel.note('FAULT', () => `${next} is drained`);
      api.cordon(next, true);
    };
    const evict = () => {
      if (isOver || place === undefined) return;
      const isHere = api.pods.filter(({ spec }) => spec?.nodeName === place);
      const waiting = isHere.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
      for (const pod of waiting) evictIfAllowed(world, pod);
      if (isHere.length === 0) {
        api.cordon(place, false);
        place = left.shift();
        if (place !== undefined) begin(place);
      }
      kernel.after(random.between(200, 2_000), evict);
    };
    begin(first);
    evict();
    const end = () => {
      isOver = true;
      if (place !== undefined) api.cordon(place, false);
      place = undefined;
    };
    // Mostly until it is done, but not for ever.
    let isHealed = false;
    kernel.after(ms + random.between(0, 30_000), () => {
      if (!isHealed) end();
    });
    return random.chance(0.4)
      ? () => {
          isHealed = true;
          end();
        }
      : undefined;
  },
  /** The claim of a member is deleted, and its data with it, when its pod has gone. */
  loseClaim: (world) => {
    const agent = keeper(world);
    if (agent === undefined) return undefined;
    world.kernel.note('FAULT', () => `the claim of ${agent.name} is deleted`);
    deleteClaims(world.api, agent.name, world.kernel.nowMs);
    world.api.deletePod(agent.pod.uid, 2);
    return undefined;
  },
  /** The volume of a member attaches slowly, the next time that its pod is made: mostly now. */
  slowVolume: (world) => {
    const agent = keeper(world);
    if (agent === undefined) return undefined;
    const { random } = world.kernel;
    const ms = random.chance(0.7) ? random.between(2_000, 40_000) : random.between(40_000, 90_000);
    world.kernel.note('FAULT', () => `the volume of ${agent.name} takes ${Math.round(ms)} ms`);
    world.kubelets.attachSlowly(agent.name, ms);
    if (random.chance(0.6)) world.api.deletePod(agent.pod.uid, 2);
    return undefined;
  },
  /** The only node of a zone has no room for another pod, for some minutes, and the member there has to go elsewhere. */
  fullZone: ({ api, kernel }, ms) => {
    const lone = 'n2';
    kernel.note('FAULT', () => `${lone} is full`);
    const fill = (isFull: boolean) => {
      const node = api.list('nodes').find(({ metadata }) => metadata?.name === lone);
      if (node !== undefined) api.put('nodes', filled(node, isFull));
    };
    fill(true);
    for (const { metadata, spec } of api.pods)
      if (spec?.nodeName === lone) api.deletePod(metadata?.uid ?? '', 2);
    kernel.after(ms + kernel.random.between(30_000, 120_000), () => fill(false));
    return undefined;
  },
  /** A tool removes the owner references of some pods, Services and slices. */
  stripOwners: ({ api, kernel }) => {
    const { random } = kernel;
    const isAll = random.chance(0.3);
    for (const [kind, object] of owned(api)) {
      if (!isAll && random.chance(0.5)) continue;
      kernel.note('FAULT', () => `${kind} ${object.metadata?.name} has no owner any more`);
      release(api, kind, object);
    }
    return undefined;
  },
  /** A user asks for a restart; now and then once more before it has ended. */
  requestRestart: (world) => {
    const { random } = world.kernel;
    annotate(world, restartAnnotation);
    if (random.chance(0.3)) {
      world.kernel.after(random.between(1_000, 9_000), () => annotate(world, restartAnnotation));
    }
    return undefined;
  },
  /** A user ends the wait of a failover, if there is one. */
  requestFailover: (world) => {
    annotate(world, failoverNowAnnotation);
    return undefined;
  },
  /** A user asks that another member leads, or one that is named, or one of a zone; now and then the next one soon after. */
  requestSwitchover: (world) => {
    const { random } = world.kernel;
    const ask = () => {
      const names = world.kubelets.agents.map(({ name }) => name);
      const targets = ['', 'a', 'b', 'nobody', ...names, ...names, ...names];
      annotate(world, switchoverAnnotation, random.pick(targets));
    };
    ask();
    if (random.chance(0.4)) world.kernel.after(random.between(1_000, 9_000), ask);
    return undefined;
  },
  /** A user deletes the pod of the primary, and soon that of the next one, and so on. */
  deletePrimaries: (world) => {
    const { kernel, api } = world;
    let left = 2 + kernel.random.below(3);
    const again = () => {
      if (world.isHealed || left-- === 0) return;
      const { primaryUID } = api.service.status;
      kernel.note('FAULT', () => `a user deletes ${primaryUID}`);
      if (primaryUID !== undefined) api.deletePod(primaryUID, 2);
      kernel.after(kernel.random.between(500, 6_000), again);
    };
    again();
    return undefined;
  },
  /** There are many data: a copy takes long, and in its middle its source may end. */
  slowCopy: (world, ms) => {
    if (!world.behaviour.replicates) return undefined;
    const { kernel, kubelets, copies } = world;
    const { random } = kernel;
    const followers = kubelets.agents.filter(({ leadership }) => leadership === undefined);
    copies.slowness = random.pick([5, 20, 50]);
    copies.isFull = random.chance(0.5);
    kernel.note('FAULT', () => `copies take ${copies.slowness} times as long`);
    if (followers.length > 0) kubelets.crash(random.pick(followers), random.chance(0.6));
    if (random.chance(0.6)) {
      kernel.after(random.between(500, 2 * ms + 500), () => {
        const source = kubelets.agents.find(({ leadership }) => leadership !== undefined);
        if (source !== undefined && !world.isHealed) kubelets.crash(source);
      });
    }
    return () => Object.assign(copies, { slowness: 1, isFull: false });
  },
};

/** As a user does it with `date -Is`. */
function annotate({ api, kernel }: World, annotation: string, target = ''): void {
  if (api.deleted !== undefined) return;
  const value = `${timestamp(t0 + kernel.nowMs)} ${target}`.trim();
  kernel.note('FAULT', () => `a user annotates ${annotation}=${value}`);
  api.annotate({ [annotation]: value });
}

/** A budget may not allow it. */
function evictIfAllowed({ api }: World, { metadata }: Pod): void {
  const { name = '', uid = '' } = metadata ?? {};
  try {
    api.evict(name, { uid });
  } catch (error) {
    if (!isTooManyRequests(error)) throw error;
  }
}

/** One whose volume outlives its pod. */
const keeper = (world: World) => (world.behaviour.keepsVolumes ? leaderOrAny(world) : undefined);
