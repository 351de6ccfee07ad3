import type { OrderKind, SyncSet } from '../../src/protocol/member-protocol.ts';
import type { Status } from '../../src/api/status.ts';

export type Consistency = 'Strong' | 'Eventual';

/** A member's process and what it holds. Positions are kept over a restart, as Postgres' are. */
export interface Node {
  state: 'Detached' | 'Following' | 'Leading';
  epoch: number;
  ledEpoch: number;
  /** Whom it follows, by ordinal. */
  leader?: number;
  /** Numbers of writes; the negative ones are the beginnings of epochs. */
  log: readonly number[];
  term: number;
  sync?: SyncSet;
}

export type Verdict = 'Unknown' | 'Healthy' | 'Refused' | 'Silent';

/** What an operator has last heard of a member, and the member as it was then, by number; -1: never heard. */
export type View = readonly [verdict: Verdict, node: number];

export interface Process {
  /** Of the status that it has in its cache, and its version. */
  status: number;
  version: number;
  /** What the spec in its cache asks for. */
  consistency: Consistency;
  views: readonly View[];
  /** The orders of its epoch that it has given: it gives an order again only if a report since then shows that the order is needed. */
  given: readonly string[];
}

export interface Flight {
  kind: OrderKind;
  to: number;
  epoch: number;
  sync?: SyncSet;
  leader?: number;
}

/** A status on its way to the API server. */
export interface Write {
  by: number;
  status: number;
  version: number;
}

/** Everything, as plain data that is never changed: equal states have equal JSON. */
export interface State {
  status: number;
  version: number;
  /** What the spec asks for. */
  consistency: Consistency;
  /** How often it is still edited. */
  edits: number;
  slice: string;
  /** By number. */
  nodes: readonly number[];
  /** Each operator process; undefined if it has ended. */
  operators: readonly (Process | null)[];
  writes: readonly Write[];
  flights: readonly Flight[];
  faults: number;
  clientWrites: number;
  /** Epochs in which writes were acknowledged that a follower has, too, by their number. */
  acknowledged: Readonly<Record<number, number>>;
  /** Who has led in which epoch. */
  leaders: Readonly<Record<number, number>>;
}

/** Things by number: equal ones have the same, so that states are short and quick to compare. */
export class Numbers<T extends object> {
  readonly #numbers = new Map<string, number>();
  readonly #all: T[] = [];

  of(one: T): number {
    const json = JSON.stringify(one);
    let number = this.#numbers.get(json);
    if (number === undefined) {
      number = this.#all.push(one) - 1;
      this.#numbers.set(json, number);
    }
    return number;
  }

  /** @throws RangeError if nothing has that number. */
  at(number: number): T {
    const found = this.#all[number];
    if (found === undefined) throw new RangeError(`nothing has number ${number}`);
    return found;
  }
}

/** What later decisions about the primary rest on. */
export function essenceOf(status: Status): Status {
  const { primary, primaryUID, epoch, ledEpoch, termStart, syncSets, fencing, initialized } =
    status;
  const { failovers = [] } = status;
  const essence: Record<string, unknown> = {
    primary,
    primaryUID,
    epoch,
    ledEpoch,
    termStart,
    syncSets,
    fencing: fencing && { ...fencing, evidence: '' },
    initialized,
    failovers: failovers.slice(0, 1).map((record) => ({
      epoch: record.epoch,
      from: record.from,
      to: record.to,
      trigger: record.trigger,
      startedAt: record.startedAt,
      outcome: record.outcome,
    })),
  };
  for (const key of Object.keys(essence)) if (essence[key] === undefined) delete essence[key];
  return essence;
}
