import type { CopyStatus } from '../../api/member-status.ts';
import { inWords } from '../../api/bytes.ts';
import { isLive, reportOf } from '../model/member.ts';
import type { Member, Resource } from '../model/observed.ts';

/** How often a status that has changed by the progress of a copy alone is written. Milliseconds. */
const refreshMs = 10_000;
/** The time between two reports of the same copy differs by the ways of the reports. Milliseconds. */
const sameStartMs = 10_000;

/** How far the copy that the member is being made has come; undefined if it is none, or does not say. */
export function copyStatusOf(
  { status }: Resource,
  member: Member,
  nowMs: number,
): CopyStatus | undefined {
  const report = isLive(member) ? reportOf(member) : undefined;
  if (report?.state !== 'Cloning' || report.copy === undefined) return undefined;
  const { bytes, totalBytes, elapsedMs } = report.copy;
  // A program may say anything, and no date is older than that.
  const startMs = Math.max(0, (member.health?.reportedAtMs ?? nowMs) - elapsedMs);
  const said = { bytes, ...(totalBytes === undefined ? {} : { totalBytes }) };
  const now = new Date(nowMs).toISOString();
  const old = status.members?.find(({ uid }) => uid === member.uid)?.copy;
  if (old === undefined) {
    return { ...said, since: new Date(startMs).toISOString(), lastProgressTime: now };
  }
  const sinceProgressMs = nowMs - Date.parse(old.lastProgressTime);
  // A negative one: the clock that wrote it was wrong.
  if (sinceProgressMs >= 0 && sinceProgressMs < refreshMs) return old;
  const isSame = Math.abs(startMs - Date.parse(old.since)) < sameStartMs;
  const since = isSame ? old.since : new Date(startMs).toISOString();
  if (isSame && old.bytes === bytes && old.totalBytes === totalBytes) return old;
  return { ...said, since, lastProgressTime: now };
}

/** What the condition Progressing says of it, in a clause for a person. */
export function copyClause(resource: Resource, member: Member, nowMs: number): string | undefined {
  const copy = copyStatusOf(resource, member, nowMs);
  if (copy === undefined) return undefined;
  const leader = reportOf(member)?.leader;
  const { bytes, totalBytes, since } = copy;
  const of = totalBytes === undefined ? '' : ` of ${inWords(totalBytes)}`;
  const what = `${member.name} is being made a copy${leader === undefined ? '' : ` of ${leader}`}`;
  return `${what}: ${inWords(bytes)}${of} since ${since}`;
}
