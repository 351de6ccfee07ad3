import { HAError, isHAError } from '../api/errors.ts';

const has = (error: unknown, status: number, reason?: string): error is HAError =>
  isHAError(error, 'HA_ERR_API_STATUS') &&
  error.status === status &&
  (reason === undefined || error.reason === reason);

export const isNotFound = (error: unknown) => has(error, 404);
export const isAlreadyExists = (error: unknown) => has(error, 409, 'AlreadyExists');
/** Somebody else wrote first, or the object is not the one that was meant (its UID differs). */
export const isConflict = (error: unknown) => has(error, 409) && !isAlreadyExists(error);
/** The object, as it is, is not what the API server takes. */
export const isInvalid = (error: unknown): error is HAError => has(error, 422);
/** The list or watch is too old to go on from. */
export const isExpired = (error: unknown) => has(error, 410);

const terminating = 'NamespaceTerminating';

/** An answer of the API server that is not a success. Its headers, and so its tokens, stay out of it. */
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
    // Told as a cause of Forbidden alone, but what to do about it is another thing.
    const causes = parsed.details?.causes ?? [];
    if (causes.some((cause) => cause.reason === terminating)) reason = terminating;
    if (typeof parsed.message === 'string') message = parsed.message;
  } catch {
    // A proxy's page or a plain text: quoted as it is.
  }
  return new HAError('HA_ERR_API_STATUS', `${what}: ${status} ${message}`, {
    status,
    ...(reason === '' ? {} : { reason }),
  });
}
