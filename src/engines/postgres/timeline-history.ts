import { parseLsn } from './position.ts';

/** A piece of a log: the timeline on which its bytes were written. The last of a history has no end. */
export interface Piece {
  timeline: number;
  begin: number;
  end: number;
}

/**
 * The line of timelines that leads to `timeline`, from its history file: `parent <tab> LSN of the switch <tab> reason`, with
 * comments after `#`. Without a file it has no parents.
 */
export function parseTimelineHistory(timeline: number, text: string): Piece[] {
  const pieces: Piece[] = [];
  let begin = 0;
  for (const line of text.split('\n')) {
    const fields = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line);
    if (fields === null) continue;
    const end = parseLsn(fields[2] ?? '');
    pieces.push({ timeline: Number(fields[1]), begin, end });
    begin = end;
  }
  return [...pieces, { timeline, begin, end: Infinity }];
}

/** On which timeline a log of this history is at `offset`: from its first byte on, a timeline counts as reached. */
export const timelineAt = (history: readonly Piece[], offset: number) =>
  history.findLast(({ begin }) => begin <= offset)?.timeline ?? 1;

/** Where the timeline that the history leads to began. */
export const beginOf = (history: readonly Piece[]) => history.at(-1)?.begin ?? 0;

/** Up to where two logs are the same, if each has gone on for ever. */
export function forkOf(own: readonly Piece[], other: readonly Piece[]): number {
  let fork = 0;
  for (const [i, piece] of own.entries()) {
    const same = other[i];
    if (same?.timeline !== piece.timeline || same.begin !== piece.begin) break;
    fork = Math.min(piece.end, same.end);
    if (piece.end !== same.end) break;
  }
  return fork;
}
