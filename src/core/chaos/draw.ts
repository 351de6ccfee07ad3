import type { ChaosRefusal } from '../../api/chaos-reasons.ts';
import type { ChaosSpec } from '../../api/chaos-spec.ts';
import { durationMs } from '../../api/duration.ts';
import { fnv1a } from '../../lib/hash.ts';
import { randomOf } from '../../lib/random.ts';
import { isLive } from '../model/member.ts';
import type { Member, Resource } from '../model/observed.ts';
import { roleOf } from '../model/topology.ts';

/** Why an experiment may not take place. */
export interface Refusal {
  reason: ChaosRefusal;
  message: string;
}

/** The members that an experiment hits, and why these. */
export interface Draw {
  hits: Member[];
  why: string;
}

/** The seed of one experiment: another one for each, all from the seed of the spec. */
export const seedOf = ({ spec, uid }: Resource, id: number): number =>
  Number(BigInt(`0x${fnv1a(`${spec.chaos?.seed ?? uid}/${id}`)}`) & 0x7fffffffn);

const percent = (amount: string) => Number(amount.slice(0, -1)) / 100;

/** A count or a share as a count. */
export const countOf = (
  amount: number | string,
  whole: number,
  round: (value: number) => number,
): number => (typeof amount === 'number' ? amount : round(percent(amount) * whole));

/** Whether the spec means this member, apart from its age. */
export const isMeant = (resource: Resource, { target }: ChaosSpec, member: Member): boolean =>
  (target.member === undefined || member.name === target.member) &&
  (target.zone === undefined || member.zone === target.zone) &&
  (target.role === 'Any' || roleOf(resource, member) === target.role.toLowerCase());

const describeTarget = ({ target }: ChaosSpec): string =>
  target.member ??
  [
    target.role === 'Any' ? 'all members' : target.role === 'Primary' ? 'the primary' : 'standbys',
    ...(target.zone === undefined ? [] : [`in zone ${target.zone}`]),
  ].join(' ');

/**
 * Draws the members that an experiment hits. The same seed and the same members give the same draw, in whatever order they are
 * listed.
 */
export function draw(
  resource: Resource,
  chaos: ChaosSpec,
  members: Member[],
  seed: number,
  nowMs: number,
): Draw | Refusal {
  const live = members.filter(isLive).sort((a, b) => a.ordinal - b.ordinal);
  const meant = live.filter((member) => isMeant(resource, chaos, member));
  if (meant.length === 0) {
    const message = `no member matches chaos.target (${describeTarget(chaos)}): there are ${live.map(({ name, zone }) => `${name} in zone ${zone ?? 'unknown'}`).join(', ') || 'none'}`;
    return { reason: 'NoTarget', message };
  }
  const allowed = meant.filter(({ isOptedOut }) => isOptedOut !== true);
  if (allowed.length === 0) {
    const message = `${names(meant)} ${meant.length === 1 ? 'has' : 'have'} the label haservice.dev/chaos: disabled`;
    return { reason: 'OptedOut', message };
  }
  const isOld = ({ createdAtMs }: Member) => nowMs - createdAtMs >= durationMs(chaos.minPodAge);
  const candidates = allowed.filter(isOld);
  if (candidates.length === 0) {
    const message = `${names(allowed)} ${allowed.length === 1 ? 'is' : 'are'} younger than chaos.minPodAge (${chaos.minPodAge})`;
    return { reason: 'PodsTooYoung', message };
  }
  const random = randomOf(seed);
  if (chaos.action === 'ZoneKill') return drawZone(live, candidates, random, seed);
  const wished =
    chaos.amount === undefined ? 1 : Math.max(1, countOf(chaos.amount, meant.length, Math.floor));
  if (candidates.length < wished) {
    const message = `chaos.amount is ${chaos.amount}, and only ${names(candidates)} can be hit (${describeTarget(chaos)}, older than ${chaos.minPodAge})`;
    return { reason: 'NoTarget', message };
  }
  const hits = shuffle(candidates, random).slice(0, wished);
  return { hits, why: whyThese(hits, candidates, seed) };
}

function drawZone(
  live: Member[],
  candidates: Member[],
  random: () => number,
  seed: number,
): Draw | Refusal {
  const zones = [...new Set(candidates.flatMap(({ zone }) => zone ?? []))].sort();
  const isWhole = (zone: string) =>
    live.every((member) => member.zone !== zone || member.isOptedOut !== true);
  const open = zones.filter(isWhole);
  const zone = open[Math.floor(random() * open.length)];
  if (zone === undefined) {
    return zones.length === 0
      ? { reason: 'NoTarget', message: 'the nodes of the members have no zone label' }
      : { reason: 'OptedOut', message: `a member in each of ${zones.join(', ')} has opted out` };
  }
  return {
    hits: live.filter((member) => member.zone === zone),
    why:
      open.length === 1
        ? `zone ${zone} is the only one that matches`
        : `zone ${zone}, drawn from ${open.join(', ')} with seed ${seed}`,
  };
}

const names = (members: Member[]) => members.map(({ name }) => name).join(', ');

const whyThese = (hits: Member[], candidates: Member[], seed: number): string =>
  hits.length === candidates.length
    ? `${names(hits)}: no other member matches`
    : `${names(hits)}: drawn from ${names(candidates)} with seed ${seed}`;

/** Fisher and Yates, by Durstenfeld (1964). */
function shuffle<T>(list: T[], random: () => number): T[] {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}
