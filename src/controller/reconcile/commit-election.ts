import type { HAService } from '../../api/haservice.ts';
import { isPlanned } from '../../core/failover/failover-backoff.ts';
import type { Commit } from '../../core/model/decision.ts';
import type { EventNote } from '../../core/model/event-note.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { type Offered, offerStatus } from './offer-status.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { recordNotes } from '../record/record-notes.ts';
import { haServices } from '../state/resource-type.ts';
import { type Steps, get } from '../../kube/api-request.ts';
import type { Log } from '../../lib/log.ts';

/** Time limit for the API server's answer before a verdict of silence is committed. Milliseconds. */
const confirmMs = 1_000;

type CommitOptions = Pick<
  ReconcilerOptions,
  'stores' | 'clock' | 'apiServerHealth' | 'monitor' | 'events'
>;

/**
 * The one compare-and-swap of an election. No member is promoted, and no Service repointed, before it is written. If it was not
 * written, the next pass sees why.
 *
 * @throws HAError if the API server was not reached, or has failed. The election may be written all the same, or be written later.
 */
export function* commitElection(
  options: CommitOptions,
  subject: { object: HAService; resource: Resource; state: ReconcileState; log: Log },
  { status, what, trigger, evidence, confirmSilence }: Commit,
  events: EventNote[],
): Steps<Offered> {
  const { object, resource, state, log } = subject;
  if (confirmSilence && !(yield* confirmed(options, object, resource))) {
    return 'Overtaken';
  }
  // If the write throws, the election may be written all the same, or be written later.
  const { unansweredElection } = state;
  state.unansweredElection = object.metadata.resourceVersion;
  const offered = yield* offerStatus(options, subject, status);
  // A refused election is certainly not written; an earlier one without an answer may still be.
  if (offered === 'Refused') state.unansweredElection = unansweredElection;
  if (offered !== 'Written') return offered;
  const { epoch = 0, primary = '' } = status;
  // A commit that neither begins an epoch nor elects, such as that of the first data, is no step of a failover.
  if (epoch !== resource.status.epoch || trigger !== undefined) {
    const lastSignMs = state.primarySign?.lastMs;
    state.timings = {
      ...{ epoch, committedAtMs: options.clock.wallNow() },
      ...(lastSignMs === undefined ? {} : { lastSignMs }),
    };
  }
  const isWarning = trigger !== undefined && !isPlanned(trigger);
  log[isWarning ? 'warn' : 'info'](
    {
      epoch,
      primary,
      from: resource.status.primary,
      reason: trigger ?? 'Initial',
      evidence,
    },
    what,
  );
  recordNotes(options.events, object, events);
  return offered;
}

/**
 * The silence may be caused by the operator's own network. So the operator commits a verdict of silence only if it can reach the API
 * server right now: otherwise the write could wait in a socket until the network works again, and be written much too late.
 */
function* confirmed(
  { stores, clock, apiServerHealth, monitor }: CommitOptions,
  object: HAService,
  resource: Resource,
): Steps<boolean> {
  const { name, namespace, resourceVersion } = object.metadata;
  try {
    const fresh = yield* get(haServices, { namespace, name }, { timeoutMs: confirmMs });
    apiServerHealth.answered();
    stores.resources.observeWrite(fresh);
    const health = monitor.health(`${namespace}/${name}`, resource.status.primaryUID ?? '');
    const stillSilent = health?.verdict === 'Dead' || health?.verdict === 'Unknown';
    return (
      fresh.metadata.resourceVersion === resourceVersion &&
      stillSilent &&
      !apiServerHealth.lostSince(clock.now() - confirmMs)
    );
  } catch (error) {
    apiServerHealth.failed(error);
    throw error;
  }
}
