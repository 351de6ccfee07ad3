import { highestAdopted } from '../../api/epoch.ts';
import { reportOf } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/**
 * Whether it has acknowledged an epoch so high that this service takes it over from nobody: somebody else has given it an order. It
 * refuses all that the service can tell it, until what it keeps of its epoch is removed, and must hold up no other until then.
 * An epoch that the status names is the service's own, however high.
 */
export function refusesAll(member: Member, epoch: number | undefined): boolean {
  const acknowledged = reportOf(member)?.epoch ?? 0;
  return acknowledged > highestAdopted && acknowledged > (epoch ?? 0);
}

/**
 * Members have acknowledged a later epoch than the status names: it was edited, or restored from an old copy. What it says of the
 * primary is not to be believed then. One that refuses all says nothing of what this service has done.
 */
export const knowsTooLittle = ({ status }: Resource, { members }: Observed): boolean =>
  members.some(
    (member) =>
      (reportOf(member)?.epoch ?? 0) > (status.epoch ?? 0) && !refusesAll(member, status.epoch),
  );
