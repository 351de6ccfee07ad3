import { highestAdopted } from '../../api/epoch.ts';
import { reportOf } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';

/**
 * Whether a member has acknowledged an epoch so high that this service never adopts it: another client has given the member an
 * order. The member refuses all orders of this service until its stored epoch is removed, and must not delay other members until
 * then. An epoch that the status names is the service's own, however high.
 */
export function refusesAll(member: Member, epoch: number | undefined): boolean {
  const acknowledged = reportOf(member)?.epoch ?? 0;
  return acknowledged > highestAdopted && acknowledged > (epoch ?? 0);
}

/**
 * Members have acknowledged a later epoch than the status names: the status was edited, or restored from an old copy. Its primary
 * cannot be relied on then. A member that refuses all orders proves nothing about this service.
 */
export const knowsTooLittle = ({ status }: Resource, { members }: Observed): boolean =>
  members.some(
    (member) =>
      (reportOf(member)?.epoch ?? 0) > (status.epoch ?? 0) && !refusesAll(member, status.epoch),
  );
