import { durationMs } from '../../api/duration.ts';
import { entryOf } from './named-members.ts';
import type { Member, Resource } from './observed.ts';
import { endOf } from './since.ts';

type Subject = Pick<Resource, 'spec' | 'status'>;

/** Whether failover.preferredPrimary names this member; true of all if the field is absent. */
export function isPreferred(resource: Subject, member: Member): boolean {
  const { preferredPrimary } = resource.spec.failover;
  return (
    preferredPrimary === undefined || entryOf(resource, preferredPrimary, member) !== undefined
  );
}

/**
 * From when on a primary that is not preferred gives the role back, if a preferred member can take it; undefined: never. Epoch
 * milliseconds; 0 if that time is over, or not known.
 */
export function failbackAtMs(
  resource: Subject,
  primary: Member,
  nowMs: number,
): number | undefined {
  const { automatic, preferredPrimary } = resource.spec.failover;
  const after = preferredPrimary?.failbackAfter;
  if (after === undefined || !automatic || isPreferred(resource, primary)) return undefined;
  const { failovers: [last] = [], lastFailoverTime } = resource.status;
  return endOf(last?.startedAt ?? lastFailoverTime, durationMs(after), nowMs) ?? 0;
}
