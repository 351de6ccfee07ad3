import { NumberSet } from '../../workload/torture/number-set.ts';
import { type Ack, type History, acksOf } from './history.ts';

/** How many reads lacked data that were there before the read was sent. */
export interface StaleReads {
  /**
   * Answered by the member that acknowledged the next write of all: as primary it lacked acknowledged data, which were lost, if
   * only for a time.
   */
  byPrimary: number;
  /** Answered by a member that no longer leads, over a connection that still ends there. Reads are not fenced: no failure. */
  byOther: number;
  /** Unacknowledged data of an earlier read were missing: Redis shows a write before its copies have it. */
  unacknowledged: number;
}

type Known = Map<string, NumberSet>;

/** Compares each read with all operations that ended before it was sent. */
export function staleReads(history: History): StaleReads {
  const stale: StaleReads = { byPrimary: 0, byOther: 0, unacknowledged: 0 };
  const acks = acksOf(history);
  const reads = Object.values(history.clients)
    .flat()
    .flatMap(({ seen, outcome, answeredBy = '', t: [sent, ended] }) =>
      seen === undefined || outcome !== 'ok'
        ? []
        : [{ seen: parse(seen), answeredBy, sent, ended }],
    );
  const ended = reads.toSorted((a, b) => a.ended - b.ended);
  const acknowledged: Known = new Map();
  const found: Known = new Map();
  let ack = 0;
  let other = 0;
  for (const read of reads.toSorted((a, b) => a.sent - b.sent)) {
    for (let each = acks[ack]; each !== undefined && each.ended < read.sent; each = acks[++ack]) {
      of(acknowledged, each.client).add(each.number);
    }
    for (let each = ended[other]; each && each.ended < read.sent; each = ended[++other]) {
      for (const [client, numbers] of each.seen) of(found, client).addAll(numbers);
    }
    if (lacks(read.seen, acknowledged)) {
      stale[isByLeader(acks, read) ? 'byPrimary' : 'byOther'] += 1;
    } else if (lacks(read.seen, found)) {
      stale[isByLeader(acks, read) ? 'unacknowledged' : 'byOther'] += 1;
    }
  }
  return stale;
}

const isByLeader = (
  acks: readonly Ack[],
  { answeredBy, ended }: { answeredBy: string; ended: number },
) => acks.find(({ sent }) => sent >= ended)?.answeredBy === answeredBy;

const parse = (seen: Record<string, string>): Known =>
  new Map(Object.entries(seen).map(([client, text]) => [client, NumberSet.parse(text)]));

function of(known: Known, client: string): NumberSet {
  const there = known.get(client);
  if (there !== undefined) return there;
  const made = new NumberSet();
  known.set(client, made);
  return made;
}

/** Whether the read lacks a known number of a client. */
const lacks = (seen: Known, known: Known): boolean =>
  [...seen].some(([client, numbers]) => (known.get(client)?.minus(numbers).size ?? 0) > 0);
