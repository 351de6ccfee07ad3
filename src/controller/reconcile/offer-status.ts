import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { toConditions } from '../../core/status/desired-condition.ts';
import { conditionOf } from '../../core/status/events.ts';
import { isInvalid } from '../../kube/api-error.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { Log } from '../../lib/log.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { recordNotes } from '../record/record-notes.ts';
import { writeStatus } from './status-writer.ts';

/** The resource whose status is written. */
interface Subject {
  object: HAService;
  state: ReconcileState;
  log: Log;
}

type OfferOptions = Pick<ReconcilerOptions, 'stores' | 'apiServerHealth' | 'clock' | 'events'>;

const reason = 'StatusRefused';
/** Wait before a refused status is tried again: the reason may be corrected by then, such as an old CRD. Milliseconds. */
const againMs = 30_000;
/** How many characters of the API server's message are quoted. */
const quotedLength = 600;

/** Written; or Overtaken: another client wrote first; or Refused: the API server refuses its content, now or less than 30 s ago. */
export type Offered = 'Written' | 'Overtaken' | 'Refused';

/**
 * Writes a status that the API server may refuse. A refused status is not written again for 30 s: it would be refused again, as
 * often as this process can ask.
 *
 * @throws HAError if the API server was not reached, or has failed.
 */
export function* offerStatus(
  options: OfferOptions,
  { object, state, log }: Subject,
  status: Status,
): Steps<Offered> {
  const now = options.clock.now();
  const before = state.refused;
  if (before !== undefined && now - before.triedAt < againMs && isSame(before.status, status)) {
    return 'Refused';
  }
  try {
    if (!(yield* writeStatus(options, object, status))) return 'Overtaken';
    state.refused = undefined;
    return 'Written';
  } catch (error) {
    if (!isInvalid(error)) throw error;
    log.error({ reason, error }, 'the API server has refused the status');
    const quoted = error.message.slice(0, quotedLength);
    const message = `the API server refuses the status of this HAService, so that it gets old and no failover can be decided: ${quoted}; apply the CRD that came with this operator, and look at the member whose field is named`;
    const isNews = message !== before?.message && message !== toldIn(object);
    if (isNews) {
      recordNotes(options.events, object, [
        { type: 'Warning', reason, action: 'Reconcile', note: message },
      ]);
    }
    state.refused = { status, message, triedAt: now, isUntold: false };
    return 'Refused';
  }
}

/**
 * Reports a refused status in the condition Degraded of the stored one: without it a person would see an old status and no reason.
 * The next accepted status removes the condition. If even this write is refused, the Event and the log remain.
 *
 * @returns whether another client wrote first, so that it must be reported again.
 * @throws HAError if the API server was not reached, or has failed.
 */
export function* tellRefusal(
  options: OfferOptions,
  { object, state, log }: Subject,
): Steps<boolean> {
  const { refused } = state;
  if (refused === undefined || refused.isUntold || toldIn(object) === refused.message) return false;
  const status = withRefusal(object, refused.message, options.clock.wallNow());
  try {
    return !(yield* writeStatus(options, object, status));
  } catch (error) {
    if (!isInvalid(error)) throw error;
    log.error(
      { reason, error },
      'the API server has also refused the status that reports the refusal',
    );
    refused.isUntold = true;
    return false;
  }
}

/** What the stored status says about a refused one. */
function toldIn({ status = {} }: HAService): string | undefined {
  const degraded = conditionOf(status, 'Degraded');
  return degraded?.reason === reason ? degraded.message : undefined;
}

/** The stored status, unchanged except for its phase and this condition. Old words stay: the API server has accepted them before. */
function withRefusal({ metadata, status = {} }: HAService, message: string, nowMs: number): Status {
  const { conditions = [], phase } = status;
  const desired = { type: 'Degraded', status: true, reason, message } as const;
  const others = conditions.filter(({ type }) => type !== desired.type);
  const told = toConditions(conditions, [desired], metadata.generation ?? 0, nowMs);
  return {
    ...status,
    ...(phase === 'Healthy' ? { phase: 'Degraded' } : {}),
    reason,
    conditions: [...others, ...told],
  };
}

/** Whether two statuses say the same. Times do not count: in a status that is not written yet they change with each pass. */
const isSame = (a: Status, b: Status): boolean => timeless(a) === timeless(b);

const timeless = (status: Status): string =>
  JSON.stringify(status, (key, value: unknown) =>
    /(Time|Ms|^since|^startedAt)$/.test(key) ? undefined : value,
  );
