import { healthOf, isLive } from '../model/member.ts';
import type { Member, Resource } from '../model/observed.ts';
import { backMs } from './planned-absences.ts';

/**
 * How long the programs of a service that has never started may give no good answer before it waits for a person: as long as a member
 * of a planned change may take to be back, and twice as long as the probes of the kubelet wait by default (failureThreshold 3, every
 * 10 s). Milliseconds.
 */
const firstAnswerMs = backMs;

/** When that is over; undefined: it is not waited for. Epoch milliseconds. */
export function firstAnswerDueMs(
  { status }: Pick<Resource, 'status'>,
  member: Member,
): number | undefined {
  const health = healthOf(member);
  if (!isLive(member) || member.phase !== 'Running' || health === 'Healthy') return undefined;
  const entry = status.members?.find(({ uid }) => uid === member.uid);
  // Another process of the operator has had the same answers. One that is Unknown may only have been waiting for its image then.
  const stored = entry?.health === health && health !== 'Unknown' ? entry.since : undefined;
  const sinceMs = [Date.parse(stored ?? ''), member.health?.sinceWallMs ?? NaN];
  return Math.min(...sinceMs.filter(Number.isFinite)) + firstAnswerMs;
}

/** Every program that runs has had that time. */
export function isFirstAnswerLate(resource: Resource, members: Member[], nowMs: number): boolean {
  const running = members.filter((member) => isLive(member) && member.phase === 'Running');
  return (
    running.length > 0 &&
    running.every((member) => nowMs >= (firstAnswerDueMs(resource, member) ?? Infinity))
  );
}
