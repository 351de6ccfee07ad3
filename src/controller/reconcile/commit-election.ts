import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import type { Decision } from '../../core/model/decision.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { type Offered, offerStatus } from './offer-status.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { recordNotes } from '../record/record-notes.ts';
import { haServices } from '../state/resource-type.ts';
import { type Steps, get } from '../../kube/api-request.ts';
import type { Log } from '../../telemetry/log.ts';

/** How long the API server may take to confirm that it can be reached, before silence is believed. Milliseconds. */
const confirmMs = 1_000;

type CommitOptions = Pick<
  ReconcilerOptions,
  'stores' | 'clock' | 'apiServerHealth' | 'monitor' | 'events'
>;

/**
 * The one compare-and-swap of an election. Nobody is promoted, and nothing repointed, before it has landed. Where it has
 * not, the next pass sees why.
 *
 * @throws HAError where the API server was not reached, or has failed.
 */
export function* commitElection(
  options: CommitOptions,
  subject: { object: HAService; resource: Resource; state: ReconcileState; log: Log },
  { commit, status, events }: Decision,
): Steps<Offered> {
  const { object, resource, state, log } = subject;
  if (commit?.confirmSilence && !(yield* confirmed(options, object, resource))) {
    return 'Overtaken';
  }
  // Where this throws, it may have landed all the same, or may yet.
  const { unansweredElection } = state;
  state.unansweredElection = object.metadata.resourceVersion;
  const offered = yield* offerStatus(options, subject, status);
  // A refused one has surely not landed; one from before, that was not answered, still may.
  if (offered === 'Refused') state.unansweredElection = unansweredElection;
  if (offered !== 'Written') return offered;
  const { epoch = 0, primary = '' } = status;
  state.timeline = { epoch, committedAtMs: options.clock.wallNow() };
  log.warn(
    {
      epoch,
      primary,
      from: resource.status.primary,
      reason: commit?.trigger ?? 'Initial',
      evidence: commit?.evidence,
    },
    messageOf(resource.status, status),
  );
  recordNotes(options.events, object, events);
  return offered;
}

function messageOf(before: Status, { epoch, fencing }: Status): string {
  if (fencing !== undefined) return 'a fence is put up around the old primary';
  return epoch === before.epoch && before.fencing === undefined
    ? 'the first data set has been made'
    : 'a primary was elected';
}

/**
 * Silence may be the operator's own. Only who can reach the API server right now may judge it, and no write that does so
 * may lie in a socket until a cut heals.
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
