import { longestGapMs } from '../../torture/history/gap.ts';
import { type Summary, summarize } from '../../framework/statistics.ts';
import type { Kill } from './stage.ts';
import type { Writes } from './writer.ts';

/** A time without acknowledged writes counts from here on: ten times what lies between two writes. Milliseconds. */
const leastMs = 100;

/** What a service has gone through. */
export interface Experience {
  /** How many times a kill was due. */
  due: number;
  /** How many of them were refused; undefined if nobody looks before the kill. */
  refused: number | undefined;
  kills: readonly Kill[];
  writes: Writes;
  /** Milliseconds from each kill until all members were healthy again. */
  recoveryMs: readonly number[];
  /** Milliseconds since the Unix epoch. */
  endedAt: number;
}

export interface Figures {
  due: number;
  refused: number | undefined;
  kills: number;
  acknowledged: number;
  /** Acknowledged, and not in the database at the end; undefined if the database could not be read. */
  lost: number | undefined;
  /** The longest time without an acknowledged write after each kill, until the next one. */
  withoutWritesMs: Summary | undefined;
  /** The longest one, whatever was killed in the meantime, and all of them together. */
  longestOutageMs: number;
  outagesMs: number;
  recoveryMs: Summary | undefined;
  /** How many kills it has not recovered from. */
  notRecovered: number;
}

export function figuresOf(experience: Experience): Figures {
  const { due, refused, kills, writes, recoveryMs, endedAt } = experience;
  const acks = writes.ackedAt.map((ended) => ({ ended }));
  const times = kills.map(({ at }) => at).toSorted((a, b) => a - b);
  const gaps = times.map((at, i) => longestGapMs(acks, at, times[i + 1] ?? endedAt));
  const outages = outagesOf(writes.ackedAt, times[0] ?? endedAt, endedAt);
  return {
    due,
    refused,
    kills: kills.length,
    acknowledged: writes.ackedAt.length,
    lost: writes.lost,
    withoutWritesMs: summarize(gaps),
    longestOutageMs: Math.max(0, ...outages),
    outagesMs: outages.reduce((sum, ms) => sum + ms, 0),
    recoveryMs: summarize(recoveryMs),
    notRecovered: kills.length - recoveryMs.length,
  };
}

/** Milliseconds of each time without an acknowledged write that ended in the period. */
function outagesOf(ackedAt: readonly number[], from: number, to: number): number[] {
  const ends = [...ackedAt.filter((at) => at > from && at < to), to];
  return ends.flatMap((at, i) => {
    const ms = at - (ends[i - 1] ?? from);
    return ms >= leastMs ? [ms] : [];
  });
}
