import type { FailoverRecord, Status } from '../api/status.ts';
import { inFlight } from './failover.ts';
import type { Resource, Timeline } from './observed.ts';

/** Milliseconds between two steps, where this process saw both. */
const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, Math.round(to - from));

const known = (entries: Record<string, number | undefined>): Partial<FailoverRecord> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** The record of a failover that has come to its end. */
export function completed(record: FailoverRecord, timeline: Timeline | undefined): FailoverRecord {
  const seen = timeline?.epoch === record.epoch ? timeline : undefined;
  const startedMs = Date.parse(record.startedAt);
  return {
    ...record,
    ...known({
      electMs: between(startedMs, seen?.committedAtMs),
      promoteMs: between(seen?.committedAtMs, seen?.promotedAtMs),
      repointMs: between(seen?.promotedAtMs, seen?.repointedAtMs),
      firstSuccessMs: between(seen?.repointedAtMs, seen?.firstSuccessAtMs),
      totalMs: between(startedMs, seen?.repointedAtMs),
    }),
    outcome: 'Completed',
  };
}

/** One that is not running and did not complete was overtaken: by a scale to 0, or a change of the topology. */
export const settleRecords = (resource: Resource): Pick<Status, 'failovers'> => {
  const { failovers } = resource.status;
  if (failovers === undefined) return {};
  const running = inFlight(resource);
  return {
    failovers: failovers.map((record) =>
      record.outcome === 'Promoting' && record !== running
        ? { ...record, outcome: 'Superseded' }
        : record,
    ),
  };
};
