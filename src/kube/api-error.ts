import { HAError, isHAError } from '../api/errors.ts';

const has = (error: unknown, status: number, reason?: string): error is HAError =>
  isHAError(error, 'HA_ERR_API_STATUS') &&
  error.status === status &&
  (reason === undefined || error.reason === reason);

export const isNotFound = (error: unknown) => has(error, 404);
/** The client lacks the right. */
export const isForbidden = (error: unknown) => has(error, 403);
export const isAlreadyExists = (error: unknown) => has(error, 409, 'AlreadyExists');
/** Another client wrote first, or the object is not the intended one (its UID differs). */
export const isConflict = (error: unknown) => has(error, 409) && !isAlreadyExists(error);
/** The API server rejects the object as invalid. */
export const isInvalid = (error: unknown): error is HAError => has(error, 422);
/**
 * The API server refuses the request for now. Of an eviction: the reason is DisruptionBudget if the budget of the pod does not
 * allow it; else the API server itself is overloaded.
 */
export const isTooManyRequests = (error: unknown): error is HAError => has(error, 429);
/** The eviction API does not serve a pod that several disruption budgets select. Its answer is 500, though nothing has failed. */
export const hasSeveralBudgets = (error: unknown) =>
  has(error, 500) && error.message.includes('more than one PodDisruptionBudget');
/** It is not known whether the write was done. */
export const isUnanswered = (error: unknown): boolean =>
  !isHAError(error, 'HA_ERR_API_STATUS') || (error.status ?? 500) >= 500;
/** The list or watch is too old to continue. */
export const isExpired = (error: unknown) => has(error, 410);

/** Causes that call for another reaction than the reason that the API server gives: Forbidden and TooManyRequests. */
const decisiveCauses = ['NamespaceTerminating', 'DisruptionBudget'];

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
    const causes = parsed.details?.causes ?? [];
    reason = decisiveCauses.find((each) => causes.some((cause) => cause.reason === each)) ?? reason;
    if (typeof parsed.message === 'string') message = parsed.message;
  } catch {
    // A page of a proxy, or plain text: quoted as it is.
  }
  return new HAError('HA_ERR_API_STATUS', `${what}: ${status} ${message}`, {
    status,
    ...(reason === '' ? {} : { reason }),
  });
}
