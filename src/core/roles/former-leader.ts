import { inFlight } from '../failover/failover-plan.ts';
import { hooksOf, transportOf } from '../model/contact.ts';
import { hasRefusedFence, takesOrders } from '../model/takes-orders.ts';
import { reportOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { reachable, roleCommandStateOf } from '../model/role-commands.ts';

/**
 * Whether the promotion must wait for a former leader, however either of the two is told its role: by orders or by hooks. In one
 * service there may be both while a rolling update replaces the members of one kind.
 */
export const formerLeaderLeads = (resource: Resource, observed: Observed): boolean =>
  leadsByReport(resource, observed) || demotionPending(resource, observed);

/** A former leader still answers and still leads: it must be fenced before the promotion. */
const leadsByReport = (resource: Resource, observed: Observed): boolean =>
  observed.unsafe !== 'no-fence' &&
  observed.members.some(
    (member) =>
      member.uid !== resource.status.primaryUID &&
      takesOrders(resource, member) &&
      reportOf(member)?.state === 'Leading' &&
      // A member that hangs or keeps refusing must not delay its successor: Strong has fenced it in another way, Eventual need not.
      !isProvedFenced(resource, member) &&
      !hasRefusedFence(resource, observed, member),
  );

/** Its successor was elected in this epoch after the proof that it acknowledges no more writes. */
function isProvedFenced(resource: Resource, { name }: Member): boolean {
  const record = inFlight(resource);
  return record?.fence !== undefined && record.from === name;
}

/** The former primary still runs and its demote hook was not called yet: that must happen before another member is promoted. */
function demotionPending(resource: Resource, observed: Observed): boolean {
  const { spec } = resource;
  const record = resource.status.failovers?.[0];
  if (record?.outcome !== 'Promoting') return false;
  const former = observed.members.find(
    (member) => member.name === record.from && member.uid !== resource.status.primaryUID,
  );
  if (former === undefined || !reachable(former)) return false;
  // A member that takes orders is fenced.
  if (hooksOf(spec, former).demote === undefined || transportOf(spec, former) !== undefined) {
    return false;
  }
  const told = roleCommandStateOf(observed.roleCommands, 'demote', former);
  return told === undefined || told.epoch < record.epoch || told.state === 'Running';
}
