import type { Connection, Sample } from './sample.ts';

export interface Tally {
  sent: number;
  failed: number;
  /**
   * Milliseconds from the fault to the moment the last failed request ended: it was refused or reset, or the client
   * gave up waiting. Whole; 0 if none failed.
   */
  lastFailureMs: number;
}

export interface Window extends Tally {
  connections: Record<Connection, Tally>;
  /** Requests failed up to the end: how long the fault lasts is not known, only that it is no less than this. */
  isStillFailing: boolean;
  /**
   * Milliseconds from the fault to the end of the first request that succeeded of those sent after the first failure
   * was known. Whole; undefined if none failed, or none succeeded any more.
   */
  firstSuccessMs: number | undefined;
}

const lastStretchMs = 1_000;

/**
 * What the client saw of a fault. A request counts if the fault can have hit it: it ended at or after the fault
 * (one that was under way then is in), and was sent before `until`.
 *
 * @param faultAt, until milliseconds since the Unix epoch.
 */
export function analyse(samples: readonly Sample[], faultAt: number, until: number): Window {
  const hit = samples.filter(({ sentAt, endedAt }) => endedAt >= faultAt && sentAt < until);
  const of = (connection: Connection) =>
    tally(
      hit.filter((sample) => sample.connection === connection),
      faultAt,
    );
  return {
    ...tally(hit, faultAt),
    connections: { new: of('new'), kept: of('kept') },
    firstSuccessMs: firstSuccess(hit, faultAt),
    isStillFailing: hit.some(({ sentAt, ok }) => !ok && sentAt >= until - lastStretchMs),
  };
}

function firstSuccess(samples: readonly Sample[], faultAt: number): number | undefined {
  const ends = (chosen: readonly Sample[]) =>
    chosen.reduce((first, { endedAt }) => Math.min(first, endedAt), Infinity);
  const failedAt = ends(samples.filter(({ ok }) => !ok));
  const at = ends(samples.filter(({ ok, sentAt }) => ok && sentAt >= failedAt));
  return at === Infinity ? undefined : Math.round(at - faultAt);
}

function tally(samples: readonly Sample[], faultAt: number): Tally {
  const failed = samples.filter(({ ok }) => !ok);
  const last = failed.reduce((latest, { endedAt }) => Math.max(latest, endedAt), faultAt);
  return { sent: samples.length, failed: failed.length, lastFailureMs: Math.round(last - faultAt) };
}
