import { parseLsn } from './position.ts';

/** A range of a log, with the timeline on which its bytes were written. The last range of a history has no end. */
export interface TimelineRange {
  timeline: number;
  begin: number;
  end: number;
}

/**
 * The sequence of timelines that leads to `timeline`, from its history file: `parent <tab> LSN of the switch <tab> reason`, with
 * comments after `#`. Without a file it has no parents.
 */
export function parseTimelineHistory(timeline: number, text: string): TimelineRange[] {
  const ranges: TimelineRange[] = [];
  let begin = 0;
  for (const line of text.split('\n')) {
    const fields = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line);
    if (fields === null) continue;
    const end = parseLsn(fields[2] ?? '');
    ranges.push({ timeline: Number(fields[1]), begin, end });
    begin = end;
  }
  return [...ranges, { timeline, begin, end: Infinity }];
}

/** The timeline at `offset` in a log of this history: a timeline counts as reached from its first byte on. */
export const timelineAt = (history: readonly TimelineRange[], offset: number) =>
  history.findLast(({ begin }) => begin <= offset)?.timeline ?? 1;

/** Where the last timeline of the history began. */
export const beginOf = (history: readonly TimelineRange[]) => history.at(-1)?.begin ?? 0;

/** Up to which offset two logs are the same, if both continue without end. */
export function forkOf(own: readonly TimelineRange[], other: readonly TimelineRange[]): number {
  let fork = 0;
  for (const [i, range] of own.entries()) {
    const same = other[i];
    if (same?.timeline !== range.timeline || same.begin !== range.begin) break;
    fork = Math.min(range.end, same.end);
    if (range.end !== same.end) break;
  }
  return fork;
}
