import type { HAService } from '../../api/haservice.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { Log } from '../../lib/log.ts';
import { hasLease, mayGrant } from '../operator-lease/granted-by.ts';
import { recordNotes } from '../record/record-notes.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { offerStatus } from './offer-status.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';

const reason = 'StatusRefused';
const note =
  'the API server does not keep status.grantedBy, so that no lease is granted and the primary stops when its own ends: the CRD is older than this operator; kubectl apply -k crds';

interface Subject {
  object: HAService;
  resource: Resource;
  state: ReconcileState;
  log: Log;
}

/**
 * An operator that has just begun to act writes its name into the status before it waits for anything, such as a member that hangs or a
 * webhook: the lease of the primary goes on meanwhile. Later statuses have the name, too.
 *
 * @returns whether the status is another one now.
 * @throws HAError if the API server was not reached, or has failed.
 */
export function* claimLeases(
  options: Pick<ReconcilerOptions, 'activity' | 'stores' | 'apiServerHealth' | 'clock' | 'events'>,
  subject: Subject,
  members: readonly Member[],
): Steps<boolean> {
  const { activity, stores, events } = options;
  const { object, resource, state, log } = subject;
  const { identity } = activity;
  const leader = resource.status.primaryUID ?? state.earlierLease?.uid;
  const isDue = leader !== undefined && hasLease(resource, members);
  if (state.hasClaimed || !isDue || identity === undefined || mayGrant(activity, resource)) {
    return false;
  }
  const offered = yield* offerStatus(options, subject, { ...object.status, grantedBy: identity });
  state.hasClaimed = offered !== 'Overtaken';
  const { namespace, name } = object.metadata;
  const kept = stores.resources.get(namespace, name)?.status?.grantedBy;
  if (offered === 'Written' && kept !== identity) {
    log.error({ reason }, note);
    recordNotes(events, object, [{ type: 'Warning', reason, action: 'Reconcile', note }]);
  }
  return offered !== 'Refused';
}
