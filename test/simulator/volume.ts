import type { MemberReport, Order, Position } from '../../src/protocol/member-protocol.ts';
import type { MemberBehaviour } from './setups.ts';

/** A write of a client (above 0), or the beginning of a leader's term (below). */
export interface Entry {
  id: number;
  term: number;
}

export interface Data {
  /** Copies of one data set have the same. */
  identity: string;
  log: Entry[];
  /**
   * Term of its position: that of the leader whose log it holds as far as that leader held it when it was promoted. Undefined: no
   * order has named that log.
   */
  term: number | undefined;
  /** Entries before this are not counted in positions: Redis counts anew after a restart. */
  base: number;
  /** Only members that have the same can go on with a stream; another must be made a copy first. Redis: new at each restart. */
  history: number;
  /** Names the log in which positions count: begins with each leader, and is taken over by whoever is linked to it. */
  line: number;
  /** A restart has lost the count. */
  isForgotten: boolean;
}

/** What outlives a process: the orders that were acknowledged, and the data. */
export interface Volume {
  epoch: number;
  ledEpoch: number;
  /** The leader in `epoch`, if the member was told one. */
  leader: string | undefined;
  /** Of the sync set that it was told in `epoch`. */
  revision: number | undefined;
  /** In memory, while a process runs. */
  data: Data | undefined;
  /** The data on disk, if they are older than the data in memory: the log of a copy is written anew in the background (Redis). */
  onDisk: Data | undefined;
  /** It was to be made a copy, and not all of that is on the disk yet. */
  isMarked: boolean;
  loss: MemberReport['loss'];
}

export const emptyVolume = (): Volume => ({
  epoch: 0,
  ledEpoch: 0,
  leader: undefined,
  revision: undefined,
  data: undefined,
  onDisk: undefined,
  isMarked: false,
  loss: undefined,
});

let lines = 0;

export const newData = (identity: string, term: number): Data => ({
  identity,
  log: [],
  term,
  base: 0,
  history: 0,
  line: ++lines,
  isForgotten: false,
});

export const positionOf = (
  { log, term, base, line }: Data,
  behaviour: MemberBehaviour,
): Position | undefined =>
  term === undefined
    ? undefined
    : {
        term,
        offset: log.length - base,
        // Postgres' terms are in the log itself.
        ...(behaviour.forgetsPosition && behaviour.withoutHistory !== true
          ? { history: historyOf(line) }
          : {}),
      };

/** Its position is known: no restart has lost it, and an order has named its log. */
export const hasPosition = (data: Data | undefined): boolean =>
  data !== undefined && !data.isForgotten && data.term !== undefined;

/** As reports and orders name a log. */
export const historyOf = (line: number): string => `${line}`;

/** How many entries two logs have in common. */
export function forkOf(a: Entry[], b: Entry[]): number {
  const length = Math.min(a.length, b.length);
  // Logs of one line are equal from end to beginning.
  let at = length;
  while (at > 0 && !isSame(a[at - 1], b[at - 1])) at--;
  return at;
}

const isSame = (a: Entry | undefined, b: Entry | undefined) =>
  a?.id === b?.id && a?.term === b?.term;

export const beginLine = (data: Data): number => (data.line = ++lines);

/**
 * Its term begins: from now on the log is its own.
 *
 * @returns whether it retains its log for followers: Redis does not if it was started anew and has followed none since
 */
export function beginTerm(
  data: Data,
  epoch: number,
  { forgetsPosition }: MemberBehaviour,
): boolean {
  const isNew = data.isForgotten || data.log.length === 0;
  data.term = epoch;
  beginLine(data);
  data.isForgotten = false;
  // Postgres writes that down in the log itself.
  if (!forgetsPosition) data.log.push({ id: -epoch, term: epoch });
  return !forgetsPosition || !isNew;
}

let histories = 0;

/** The process that holds it has ended. */
export function forget(data: Data): void {
  data.isForgotten = true;
  data.base = data.log.length;
  data.history = ++histories;
}

/**
 * Another term's entries are held now. Postgres: their term is in the log. Redis: that of the order, if they are of the log that the
 * order names, once all is held that the leader had when it was promoted.
 */
export function takeTerm(
  data: Data,
  line: number,
  { epoch, start, history }: Order<'follow'>,
  behaviour: MemberBehaviour,
): void {
  data.line = line;
  const isOfOrder = history === undefined || history === historyOf(line);
  if (!behaviour.forgetsPosition) data.term = data.log.at(-1)?.term ?? data.term;
  else if (!isOfOrder) data.term = undefined;
  else if (start === undefined || data.log.length - data.base >= start) {
    data.term = Math.max(data.term ?? 0, epoch);
  }
}
