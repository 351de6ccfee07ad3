import { durationMs } from '../../api/duration.ts';
import type { FailoverRecord, FailoverTrigger, Fencing } from '../../api/status.ts';
import { isDurable, isWell } from '../model/member.ts';
import type { Member, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';

/** A new primary that fails within this time after its election has failed at once. Milliseconds. */
const atOnceMs = 60_000;
const mostDoublings = 4;
/** Up to about an hour: nothing has failed, and a hook that is wrong fails each time. */
const mostVainDoublings = 7;

/** A user has caused it: no member has failed. */
export const isPlanned = (trigger: FailoverTrigger): boolean =>
  trigger === 'Switchover' || trigger === 'Stopped';

/** What has happened to the former primary, in a few words for a person: a planned change and a pod that somebody deletes are no failure. */
export function whatHappened(trigger: FailoverTrigger): string {
  if (trigger === 'Stopped') return 'led when the service was stopped';
  if (isPlanned(trigger)) return 'gives up the role';
  return trigger === 'PodGone' ? 'is gone' : 'failed';
}

/** The same, in a clause. */
export const describeCause = ({ from, trigger }: Pick<Fencing, 'from' | 'trigger'>): string =>
  `${from ?? 'the primary'} ${whatHappened(trigger)} (${trigger})`;

/** A fault has caused it, which may move with the role: neither a user nor an experiment has, nor a deletion of the pod. */
export const isFault = ({ trigger, experiment, podDeleted }: FailoverRecord): boolean =>
  !isPlanned(trigger) && experiment === undefined && podDeleted !== true;

/**
 * How many of the newest planned changes were in vain, one after another: each has ended with the same primary, with another member
 * than the one that was meant, which had less data, or with a primary that failed at once.
 */
function vainChanges(failovers: FailoverRecord[]): number {
  let vain = 0;
  for (let i = 0; ; vain++) {
    const first = i;
    // Those that followed may have failed at once, too.
    while (failedAtOnce(failovers[i], failovers[i + 1])) i++;
    const change = failovers[i++];
    if (change?.trigger !== 'Switchover') return vain;
    const hasMissed = change.from === change.to || (change.wanted ?? change.to) !== change.to;
    if (!hasMissed && i - 1 === first) return vain;
  }
}

/** Whether a fault has ended the term that the earlier change began, within a minute. */
const failedAtOnce = (
  later: FailoverRecord | undefined,
  earlier: FailoverRecord | undefined,
): boolean =>
  later !== undefined &&
  earlier !== undefined &&
  isFault(later) &&
  // A wait between the two is no time in which the new primary was well.
  Date.parse(later.startedAt) - begunMs(earlier) < atOnceMs;

/** The rest after the first planned change that was in vain. Milliseconds. */
const againMs = 30_000;

/**
 * Until when no planned change begins, as the last one was in vain; undefined if none is waited for. Each try interrupts writes, and the
 * next one may end in the same way: so the wait is doubled each time, up to an hour.
 */
export function stayedUntilMs({ status }: Resource, nowMs: number): number | undefined {
  const { failovers = [] } = status;
  const [last] = failovers;
  const vain = vainChanges(failovers);
  if (last === undefined || vain === 0) return undefined;
  return endOf(begunMs(last), againMs * 2 ** Math.min(vain - 1, mostVainDoublings), nowMs);
}

/** When it went on, after a wait. Epoch milliseconds. */
export const begunMs = ({ startedAt, waitMs = 0 }: Pick<FailoverRecord, 'startedAt' | 'waitMs'>) =>
  Date.parse(startedAt) + waitMs;

/**
 * Whether all members but the primary are there and well: then the last failovers have cost nothing that is still missing, and the
 * next one leaves as much as the last.
 */
function isWhole({ spec, status }: Resource, members: Member[]): boolean {
  const others = members.filter(({ uid }) => uid !== status.primaryUID);
  const isSpared = (member: Member) => isWell(member) && isDurable(member);
  return others.length >= spec.replicas - 1 && others.every(isSpared);
}

/**
 * Least time between the last failover and the next: failover.minInterval, doubled for each of the latest failovers that
 * followed another within a minute, 16 times that at most. Otherwise a fault that moves with the role, such as a request that
 * crashes the program, would stop one member after the other. It is doubled only while a member is missing: if all others are
 * well again by the next failure, a wait would be a longer outage and spare nothing. Milliseconds.
 */
export function failoverBackoffMs(resource: Resource, members: Member[]): number {
  const { spec, status } = resource;
  const failovers = isWhole(resource, members) ? [] : (status.failovers ?? []).filter(isFault);
  let doublings = 0;
  for (let i = 0; i + 1 < failovers.length && doublings < mostDoublings; i++) {
    if (!failedAtOnce(failovers[i], failovers[i + 1])) break;
    doublings++;
  }
  return durationMs(spec.failover.minInterval) * 2 ** doublings;
}
