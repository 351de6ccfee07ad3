import type { Order, Position, SyncSet } from '../../protocol/member-protocol.ts';
import { noLeader } from './server-config.ts';
import { type ServerInfo, cannotLog } from './server-info.ts';

/** The role that the server was last told to take. */
export type ReplicationTarget =
  /** `wasRedirected`: another client had changed whom the server follows, and the change was undone. */
  | { kind: 'detached'; wasRedirected?: boolean }
  | { kind: 'leading'; epoch: number; sync: SyncSet }
  | Following;

export interface Following {
  kind: 'following';
  order: Order<'follow'>;
  /** Replication ID of the data when the order came; once linked, of the data since then. */
  replid: string;
  /** Whether it has been linked since. Replaced: it was then made a copy of data that no order has named yet. */
  link: 'none' | 'linked' | 'replaced';
}

/** Partial: it received what it lacked, and retains all that it held. Full: it was made a copy. */
export type Resync = 'partial' | 'full';

/**
 * Derives the term of the data from what the server reports from time to time. That is enough even if a link comes and goes
 * between two reports: a replica's history (replid) changes only with a link, and names the history that it has continued.
 */
export class ReplicationHistory {
  /** Undefined: the data cannot be compared with others, as a restart has lost the offset. */
  #term: number | undefined;
  #hasCopyFailed = false;

  /**
   * Whether the server has discarded its data for those of its leader, and has failed to load these: it turns its log off while it
   * loads, and on again only after success. The log still holds the former data.
   */
  get hasCopyFailed(): boolean {
    return this.#hasCopyFailed;
  }

  /** Whether this process has led with the data, or has received them from a leader. */
  get isKnown(): boolean {
    return this.#term !== undefined;
  }

  /** The member leads from now on, or leads in a later epoch. */
  lead(epoch: number): void {
    this.#term = epoch;
  }

  /** The server has been restarted. The append-only log does not store the offset (7.0): it counts from 0 again. */
  forget(): void {
    this.#term = undefined;
    this.#hasCopyFailed = false;
  }

  /**
   * @param target the server's target when it reported `info`
   * @returns the kind of resync if the server has been linked to its leader since the last call
   */
  update(info: ServerInfo, target: ReplicationTarget): Resync | undefined {
    if (target.kind !== 'following' || info.loading) return undefined;
    const { order, replid, link } = target;
    const linked = isFollowing(info, target) && info.master?.linked === true;
    this.#hasCopyFailed = !linked && !info.logging;
    if (this.#hasCopyFailed) {
      this.#term = undefined;
      return undefined;
    }
    const hasLinked = linked || info.replid !== replid;
    const isPartial = info.replid === replid || info.replid2 === replid;
    target.replid = info.replid;
    if (link !== 'none' && !isPartial) target.link = 'replaced';
    const isOfOrder =
      order.history === undefined
        ? hasLinked && target.link !== 'replaced'
        : order.history === info.replid;
    // The server reconnects by itself to an address, whoever leads there by now, and in whichever epoch.
    if (hasLinked && (!isPartial || !isOfOrder)) this.#term = undefined;
    if (isOfOrder && info.offset >= (order.start ?? 0)) {
      this.#term = Math.max(this.#term ?? 0, order.epoch);
    }
    if (!hasLinked || link !== 'none') return undefined;
    target.link = 'linked';
    return isPartial ? 'partial' : 'full';
  }

  /**
   * Whether the disk holds all data that are in memory: the log is on and is not being rewritten; no copy can begin at the next
   * moment; and the data in memory are not those that a restart has found.
   */
  isWritten(info: ServerInfo, target: ReplicationTarget): boolean {
    if (info.loading || !info.logging || info.rewriting || cannotLog(info)) return false;
    return target.kind === 'following'
      ? target.link !== 'none' && info.master?.linked === true
      : this.isKnown;
  }

  /** Undefined if the data cannot be compared, or do not count. */
  position(info: ServerInfo): Position | undefined {
    if (this.#term === undefined || info.loading || info.master?.syncing === true) return undefined;
    return { term: this.#term, offset: info.offset, history: info.replid };
  }
}

/** Whether the server follows the leader that it was told to follow. */
export function isFollowing({ master }: ServerInfo, { order: { leader } }: Following): boolean {
  return master?.host === leader.host && master.port === leader.port;
}

/** Whether another client has changed whom the server follows. */
export function isRedirected(info: ServerInfo, target: ReplicationTarget): boolean {
  switch (target.kind) {
    case 'leading':
      return info.master !== undefined;
    case 'following':
      return !isFollowing(info, target);
    case 'detached':
      return info.master?.port !== noLeader.port;
  }
}
