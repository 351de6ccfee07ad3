import type { FailoverRecord, Status } from '../../api/status.ts';
import { inFlight } from './failover-plan.ts';
import type { Member, Resource, Timeline } from '../model/observed.ts';
import { withDataLoss } from './data-loss.ts';

/** Milliseconds between two steps, where this process saw both. */
const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, Math.round(to - from));

const known = (entries: Record<string, number | undefined>): Partial<FailoverRecord> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** What a client saw: from the last sign of the old primary to the first answer through the Service. */
const gapOf = ({ startedAt, detectMs }: FailoverRecord, seen: Timeline | undefined) =>
  detectMs === undefined
    ? undefined
    : between(Date.parse(startedAt) - detectMs, seen?.firstSuccessAtMs);

/** The record of a failover that has come to its end. */
export function completed(record: FailoverRecord, timeline: Timeline | undefined): FailoverRecord {
  const seen = timeline?.epoch === record.epoch ? timeline : undefined;
  const startedMs = Date.parse(record.startedAt);
  return {
    ...record,
    ...known({
      electMs: between(startedMs + (record.fenceMs ?? 0), seen?.committedAtMs),
      promoteMs: between(seen?.committedAtMs, seen?.promotedAtMs),
      repointMs: between(seen?.promotedAtMs, seen?.repointedAtMs),
      firstSuccessMs: between(seen?.repointedAtMs, seen?.firstSuccessAtMs),
      totalMs: between(startedMs, seen?.repointedAtMs),
      gapMs: gapOf(record, seen),
    }),
    outcome: 'Completed',
  };
}

/** One that is not running and did not complete was overtaken: by a scale to 0, or a change of the topology. */
export const settleRecords = (resource: Resource, members: Member[]): Pick<Status, 'failovers'> => {
  const { failovers } = resource.status;
  if (failovers === undefined) return {};
  const running = inFlight(resource);
  return {
    failovers: failovers.map((record, i) => {
      const told = i === 0 ? withDataLoss(record, resource, members) : record;
      return record.outcome === 'Promoting' && record !== running
        ? { ...told, outcome: 'Superseded' as const }
        : told;
    }),
  };
};
