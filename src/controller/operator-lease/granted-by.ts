import type { Status } from '../../api/status.ts';
import { needsLease } from '../../core/model/capabilities.ts';
import type { Decision } from '../../core/model/decision.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import type { Activity } from './activity.ts';

/**
 * Whether this operator may grant leases to the primary: the status names it. The write of that name is what ends the elections that a
 * former operator may still write, as each of them is a compare-and-swap on an earlier version of the resource: that one may have
 * counted the end of the lease without knowing that this one goes on granting.
 */
export const mayGrant = ({ identity }: Activity, { status }: Resource): boolean =>
  identity === undefined || status.grantedBy === identity;

/** Whether leases may be granted for the service. */
export const hasLease = ({ spec, status }: Resource, members: readonly Member[]): boolean =>
  needsLease(spec) ||
  status.primaryLeaseMs !== undefined ||
  members.some(({ leaseMs }) => leaseMs !== undefined);

/** The same decision, in the name of this operator if leases may be granted for the service. */
export function inNameOf(
  { identity }: Activity,
  resource: Resource,
  members: readonly Member[],
  decision: Decision,
): Decision {
  const isNamed = identity !== undefined && hasLease(resource, members);
  const named = ({ grantedBy: _, ...rest }: Status): Status =>
    isNamed ? { ...rest, grantedBy: identity } : rest;
  const { commit } = decision;
  return {
    ...decision,
    status: named(decision.status),
    ...(commit === undefined ? {} : { commit: { ...commit, status: named(commit.status) } }),
  };
}
