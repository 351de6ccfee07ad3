import type { Status } from '../../api/status.ts';
import { heldBack } from './change-times.ts';
import type { Member, Observed, Resource } from './observed.ts';
import { userRequest, withAnswer } from './user-request.ts';

/**
 * A user asks by the annotation haservice.dev/restart for the replacement of every member whose pod was made before that time. The
 * request stands in the status from then on, so that it holds whatever becomes of the annotation.
 */
export function withRestart(resource: Resource, nowMs: number): Resource {
  const { status, requests, createdAtMs, deleting } = resource;
  const { lastRequest: handled, refusedRequest: refused } = status.restart ?? {};
  const request = userRequest(requests?.restart, { handled, refused }, createdAtMs, nowMs);
  if (deleting) return resource;
  if (request.kind === 'Due') return withAnswer(resource, 'restart', request.value, undefined);
  if (request.kind === 'Refused') {
    const message = `the annotation haservice.dev/restart is ${JSON.stringify(request.value)}: ${request.why}; nothing is restarted; annotate with haservice.dev/restart="$(date -Is)"`;
    return withAnswer(resource, 'restart', handled, { refusedRequest: request.value, message });
  }
  // The message is about an annotation that is gone.
  const isStale = requests?.restart === undefined && refused !== undefined;
  return isStale ? withAnswer(resource, 'restart', handled, undefined) : resource;
}

/** A blackout holds back the update of this member. A restart that was asked for is done when it is asked for. */
export const isUpdateHeldBack = (
  { status }: Pick<Resource, 'status'>,
  observed: Pick<Observed, 'changeTimes'>,
  member: Member,
): boolean => heldBack(observed) !== undefined && restartAskedAt(status, member) === undefined;

/**
 * When a restart of this member was asked for that it has not had; undefined: it needs none. A pod that was made since says for which
 * request: the clocks of the user and the API server may differ, and it must not be replaced again and again until they agree.
 */
export function restartAskedAt(
  { restart }: Pick<Status, 'restart'>,
  { createdAtMs, restartedFor }: Member,
): string | undefined {
  const asked = restart?.lastRequest;
  if (asked === undefined || restartedFor === asked) return undefined;
  return createdAtMs < Date.parse(asked) ? asked : undefined;
}
