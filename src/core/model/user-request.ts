import { endOf, skewMs } from './since.ts';

/** How old a request may be. An older one may come from a file or a backup that was applied again. Milliseconds. */
const oldestMs = 300_000;

/** What is to be done about a request of a user. */
export type UserRequest =
  | { kind: 'None' }
  | { kind: 'Due'; value: string }
  | { kind: 'Refused'; value: string; reason: 'RequestInvalid' | 'RequestTooOld' };

/**
 * A user asks for one action by an annotation whose value is a time stamp. The last value that was handled stands in the status, and
 * nothing is written back to the annotation. An earlier time than the one that was handled is no new request: somebody has applied
 * an older file.
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
  const atMs = isTimeStamp(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) return { kind: 'Refused', value, reason: 'RequestInvalid' };
  const handledMs = Date.parse(handled ?? '');
  // A time in the future was handled once: it must not hold up what comes after it.
  if (atMs <= handledMs && handledMs <= nowMs + skewMs) return { kind: 'None' };
  const isRecent = endOf(value, oldestMs, nowMs) !== undefined;
  // `date -Is` has whole seconds, as a creationTimestamp.
  return isRecent && atMs >= createdAtMs - 1_000
    ? { kind: 'Due', value }
    : { kind: 'Refused', value, reason: 'RequestTooOld' };
}

/** Date.parse also takes texts such as "1". */
const isTimeStamp = (value: string) =>
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(value);
