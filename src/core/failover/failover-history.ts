import type { FailoverRecord, Status } from '../../api/status.ts';
import { describeEndAt } from '../model/container-end.ts';
import { begunMs, isPlanned } from './failover-backoff.ts';
import { inFlight } from './failover-plan.ts';
import type { FailoverTimings } from '../model/failover-timings.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { withDataLoss, withoutOldFolders } from './data-loss.ts';

/** Milliseconds between two steps, if this process saw both. */
const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, Math.round(to - from));

const known = (entries: Record<string, number | undefined>): Partial<FailoverRecord> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** The record of a failover that is complete, with the times that this process has seen. */
function completed(record: FailoverRecord, seen: FailoverTimings | undefined): FailoverRecord {
  const startedMs = Date.parse(record.startedAt);
  return {
    ...record,
    ...known({
      electMs: between(begunMs(record) + (record.fenceMs ?? 0), seen?.committedAtMs),
      promoteMs: between(seen?.committedAtMs, seen?.promotedAtMs),
      repointMs: between(seen?.promotedAtMs, seen?.repointedAtMs),
      totalMs: between(startedMs, seen?.repointedAtMs),
    }),
    outcome: 'Completed',
  };
}

/** A complete record, with how long the first answer through the Service took, if that is known by now. */
function withFirstSuccess(
  record: FailoverRecord,
  seen: FailoverTimings | undefined,
): FailoverRecord {
  const { outcome, startedAt, detectMs, firstSuccessMs } = record;
  const atMs = seen?.firstSuccessAtMs;
  if (outcome !== 'Completed' || firstSuccessMs !== undefined || atMs === undefined) return record;
  // What a client saw: from the last sign of the old primary. One whose pod goes away is known at once, if an operator runs.
  const foundMs = Date.parse(startedAt) - (detectMs ?? 0);
  const { lastSignMs = foundMs } = seen ?? {};
  return {
    ...record,
    ...known({
      firstSuccessMs: between(seen?.repointedAtMs, atMs),
      gapMs: lastSignMs === 'Unknown' ? undefined : between(Math.min(lastSignMs, foundMs), atMs),
    }),
  };
}

/**
 * The resource with what has become of its newest failover. It is complete as soon as its primary is promoted and the write Service
 * points at it; failover.minInterval holds up the next failover only after a complete one. How long the first answer through the
 * Service took is only measured beside that: it is written into the complete record when it is known.
 *
 * @param isDone the primary is promoted, and the write Service points at it
 */
export function withOutcome(
  resource: Resource,
  { timings }: Pick<Observed, 'timings'>,
  isDone: boolean,
): Resource {
  const { status } = resource;
  const [newest, ...others] = status.failovers ?? [];
  if (newest === undefined) return resource;
  const seen = timings?.epoch === newest.epoch ? timings : undefined;
  const ended = isDone && newest === inFlight(resource) ? completed(newest, seen) : newest;
  const record = withFirstSuccess(ended, seen);
  return record === newest
    ? resource
    : { ...resource, status: { ...status, failovers: [record, ...others] } };
}

/** With how the container of the former primary ended, as the kubelet says a moment after the verdict. */
function withEnd(record: FailoverRecord, resource: Resource, members: Member[]): FailoverRecord {
  const { from, trigger, startedAt, evidence = '' } = record;
  const former = members.find(({ name }) => name === from);
  if (former === undefined || isPlanned(trigger)) return record;
  const end = describeEndAt(resource, former, Date.parse(startedAt));
  if (end === undefined || evidence.includes(end)) return record;
  return { ...record, evidence: `${evidence}; ${end}` };
}

/** One that is not running and did not complete was overtaken: by a scale to 0, or a change of the topology. */
export const finishRecords = (resource: Resource, members: Member[]): Pick<Status, 'failovers'> => {
  const { failovers } = resource.status;
  if (failovers === undefined) return {};
  const running = inFlight(resource);
  return {
    failovers: withoutOldFolders(
      failovers.map((record, i) => {
        const told =
          i === 0 ? withEnd(withDataLoss(record, resource, members), resource, members) : record;
        return record.outcome === 'Promoting' && record !== running
          ? { ...told, outcome: 'Superseded' as const }
          : told;
      }),
    ),
  };
};
