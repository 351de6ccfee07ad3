import type { Order, Position, SyncSet } from '../../protocol/member-protocol.ts';
import type { ServerInfo } from './server-info.ts';

/** What the server was last told to do. */
export type ReplicationTarget =
  /** `strayed`: somebody else had told it whom to follow, and it was brought back. */
  | { kind: 'nowhere'; strayed?: boolean }
  | { kind: 'leading'; epoch: number; sync: SyncSet }
  | Following;

export interface Following {
  kind: 'following';
  order: Order<'follow'>;
  /** History that the data belonged to when the order came; after the arrival, the one they belong to since. */
  replid: string;
  /** Whether it has been linked since. Astray: and has then been made a copy of something that no order has named yet. */
  link: 'none' | 'arrived' | 'astray';
}

/** Continued: it got what it lacked, and holds all that it held. Replaced: it has been made a copy. */
export type Arrival = 'continued' | 'replaced';

/**
 * Which term the data are of, told from what the server says of itself now and then. That is enough although links may come
 * and go unseen: a replica's history (replid) changes only when it has been linked, and names the one that it went on from.
 */
export class ReplicationHistory {
  /** Undefined: the data cannot be compared with any others, as a restart has lost the count. */
  #term: number | undefined;
  #torn = false;

  /**
   * Whether the server has thrown away its data for those of its leader, and failed to load these: it turns its log off for
   * the loading, and only on again when that has succeeded. The log still has the data.
   */
  get torn(): boolean {
    return this.#torn;
  }

  /** Whether the data are what this very process has led with, or has got from a leader. */
  get isKnown(): boolean {
    return this.#term !== undefined;
  }

  /** It leads from now on, or in a later epoch. */
  lead(epoch: number): void {
    this.#term = epoch;
  }

  /** The server has been started anew. The append-only log keeps no offset (7.0): the count begins at 0 again. */
  forget(): void {
    this.#term = undefined;
    this.#torn = false;
  }

  /**
   * @param course which the server was on when it said so
   * @returns that it has been linked to its leader, when that is news
   */
  see(info: ServerInfo, course: ReplicationTarget): Arrival | undefined {
    if (course.kind !== 'following' || info.loading) return undefined;
    const { order, replid, link } = course;
    const linked = isOf(info, course) && info.master?.linked === true;
    this.#torn = !linked && !info.logging;
    if (this.#torn) this.#term = undefined;
    if (this.#torn || (!linked && info.replid === replid)) return undefined;
    const continued = info.replid === replid || info.replid2 === replid;
    course.replid = info.replid;
    if (!continued) this.#term = undefined;
    if (link !== 'none' && !continued) course.link = 'astray';
    if (course.link === 'astray') return undefined;
    if (info.offset >= (order.start ?? 0)) this.#term = Math.max(this.#term ?? 0, order.epoch);
    if (link !== 'none') return undefined;
    course.link = 'arrived';
    return continued ? 'continued' : 'replaced';
  }

  /** Undefined where it cannot be compared, or counts for nothing. */
  position(info: ServerInfo): Position | undefined {
    if (this.#term === undefined || info.loading || info.master?.syncing === true) return undefined;
    return { term: this.#term, offset: info.offset, history: info.replid };
  }
}

/** Whether the server follows whom it was told to follow. */
export function isOf({ master }: ServerInfo, { order: { leader } }: Following): boolean {
  return master?.host === leader.host && master.port === leader.port;
}
