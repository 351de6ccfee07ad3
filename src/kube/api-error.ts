import { HAError, isHAError } from '../api/errors.ts';

const has = (error: unknown, status: number, reason?: string): error is HAError =>
  isHAError(error, 'HA_ERR_API_STATUS') &&
  error.status === status &&
  (reason === undefined || error.reason === reason);

export const isNotFound = (error: unknown) => has(error, 404);
export const isAlreadyExists = (error: unknown) => has(error, 409, 'AlreadyExists');
/** Another client wrote first, or the object is not the intended one (its UID differs). */
export const isConflict = (error: unknown) => has(error, 409) && !isAlreadyExists(error);
/** The API server rejects the object as invalid. */
export const isInvalid = (error: unknown): error is HAError => has(error, 422);
/** The list or watch is too old to continue. */
export const isExpired = (error: unknown) => has(error, 410);

const terminating = 'NamespaceTerminating';

/** Error for an answer of the API server that is not a success. It does not contain the headers, and so no tokens. */
export function apiError(status: number, body: string, what: string): HAError {
  let reason = '';
  let message = body.slice(0, 300);
  try {
    const parsed = JSON.parse(body) as {
      reason?: unknown;
      message?: unknown;
      details?: { causes?: { reason?: unknown }[] };
    };
    if (typeof parsed.reason === 'string') reason = parsed.reason;
    // The API server reports it only as a cause of Forbidden, but it calls for a different reaction.
    const causes = parsed.details?.causes ?? [];
    if (causes.some((cause) => cause.reason === terminating)) reason = terminating;
    if (typeof parsed.message === 'string') message = parsed.message;
  } catch {
    // A page of a proxy, or plain text: quoted as it is.
  }
  return new HAError('HA_ERR_API_STATUS', `${what}: ${status} ${message}`, {
    status,
    ...(reason === '' ? {} : { reason }),
  });
}
