import type { Resource } from './observed.ts';
import { endOf, skewMs } from './since.ts';

/** How old a request may be. An older one may come from a file or a backup that was applied again. Milliseconds. */
const oldestMs = 300_000;

/** What is to be done about a request of a user. */
export type UserRequest =
  | { kind: 'None' }
  | { kind: 'Due'; value: string }
  | {
      kind: 'Refused';
      value: string;
      reason: 'RequestInvalid' | 'RequestTooOld';
      /** In a clause for a person. */
      why: string;
    };

/**
 * A user asks for one action by an annotation whose value is a time stamp. The last value that was handled stands in the status, and
 * nothing is written back to the annotation. An earlier time than the one that was handled is refused: somebody has applied an older
 * file, or has another clock.
 *
 * @param annotation its value
 * @param handled the last value that was due; no refused one, so that each time is due once, whatever came in between
 * @param refused the last value that was refused
 * @param createdAtMs when the resource was created: an annotation from before that was copied
 */
export function userRequest(
  annotation: string | undefined,
  { handled, refused }: { handled: string | undefined; refused: string | undefined },
  createdAtMs: number,
  nowMs: number,
): UserRequest {
  // No time stamp is longer, and the status has little room.
  const value = annotation?.slice(0, 64);
  if (value === undefined || value === handled || value === refused) return { kind: 'None' };
  const refuse = (reason: 'RequestInvalid' | 'RequestTooOld', why: string): UserRequest => ({
    ...{ kind: 'Refused', value, reason },
    why,
  });
  const atMs = isTimeStamp(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) return refuse('RequestInvalid', 'this is no time stamp');
  if (atMs > nowMs + skewMs) {
    return refuse('RequestInvalid', "this is in the future, by the operator's clock");
  }
  // A time in the future was handled once: it must not hold up what comes after it.
  const handledMs = Date.parse(handled ?? '');
  if (atMs <= handledMs && handledMs <= nowMs + skewMs) {
    return refuse('RequestTooOld', `this is not later than the last request, ${handled}`);
  }
  if (endOf(atMs, oldestMs, nowMs) === undefined) {
    return refuse('RequestTooOld', 'this is more than five minutes ago');
  }
  // `date -Is` has whole seconds, as a creationTimestamp.
  return atMs >= createdAtMs - 1_000
    ? { kind: 'Due', value }
    : refuse('RequestTooOld', 'this is before the HAService was created');
}

/**
 * The resource whose status has the answer to a request.
 *
 * @param lastRequest the last value that was carried out
 * @param refusal absent if none was refused, or its annotation is gone
 */
export function withAnswer(
  resource: Resource,
  request: 'restart' | 'switchover',
  lastRequest: string | undefined,
  refusal: { refusedRequest: string; message: string } | undefined,
): Resource {
  const { [request]: _former, ...status } = resource.status;
  if (lastRequest === undefined && refusal === undefined) return { ...resource, status };
  const answer = { ...(lastRequest === undefined ? {} : { lastRequest }), ...refusal };
  return { ...resource, status: { ...status, [request]: answer } };
}

/** Date.parse also takes texts such as "1". */
const isTimeStamp = (value: string) =>
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(value);
