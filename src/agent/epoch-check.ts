import { highestEpoch, tooHigh } from '../api/epoch.ts';
import type { Order, OrderKind, Rejection } from '../protocol/member-protocol.ts';

/** What a member remembers of the orders that it has acknowledged. */
export interface Acknowledged {
  /** The highest epoch; 0: none. */
  epoch: number;
  /** The last epoch in which the member led; 0: never, or the data from it have been lost. */
  ledEpoch: number;
  /** Leader of `epoch`, as far as the member was told: its own name, or another's. */
  leader?: string;
  /** Highest revision of a sync set that the member was told in `epoch`; absent if it was told none. */
  revision?: number;
}

export const nothingAcknowledged: Acknowledged = { epoch: 0, ledEpoch: 0 };

/** The member that receives the order. */
export interface Self {
  name: string;
  uid?: string | undefined;
  /** Last epoch in which an earlier process led, if none may lead twice in one epoch: see CommandQueue. */
  ledBefore?: number;
  /** Whether this process has issued the nonce. */
  isOwn?: (nonce: string) => boolean;
}

export type EpochCheckResult =
  | { rejection: Rejection; message: string }
  /** What the member must store on disk before it obeys. */
  | { acknowledged: Acknowledged };

/** Any order, with its kind. */
export type AnyOrder = { [K in OrderKind]: { kind: K; order: Order<K> } }[OrderKind];

/**
 * Decides whether a member may obey an order. The command queue calls it for each order; the simulator calls it, too.
 *
 * - A member that has acknowledged an epoch rejects every lower one: this makes a quorum of fenced followers a proof.
 * - An epoch has one leader. A member that knows the leader of an epoch rejects any other for that epoch, so that a delayed or
 *   mistaken order cannot make two.
 * - Within one epoch a leader does not go back to an earlier sync set: a failover relies on the later one.
 * - An epoch that no operator can have reached is rejected: a member that acknowledged it could never obey again.
 * - `fence` names no leader: it is acknowledged in any epoch that is not lower, and deletes nothing.
 */
export function checkEpoch(
  acknowledged: Acknowledged,
  self: Self,
  given: AnyOrder,
): EpochCheckResult {
  const { kind, order } = given;
  const { epoch } = order;
  if (order.member !== self.name) {
    return { rejection: 'WrongMember', message: `this is ${self.name}, not ${order.member}` };
  }
  if (order.uid !== undefined && self.uid !== undefined && order.uid !== self.uid) {
    return { rejection: 'WrongMember', message: `this pod of that name has the UID ${self.uid}` };
  }
  if (epoch > highestEpoch) {
    return { rejection: 'Invalid', message: `epoch ${epoch} is ${tooHigh}` };
  }
  const begins = kind === 'promote' && order.init ? order.nonce : undefined;
  if (begins !== undefined && self.isOwn?.(begins) === false) {
    return {
      rejection: 'WrongMember',
      message: 'the promotion with init was for an earlier process',
    };
  }
  if (epoch < acknowledged.epoch) {
    return {
      rejection: 'StaleEpoch',
      message: `epoch ${acknowledged.epoch} has been acknowledged: epoch ${epoch} is outdated`,
    };
  }
  const known = epoch === acknowledged.epoch ? acknowledged.leader : undefined;
  const leader = kind === 'promote' ? self.name : kind === 'follow' ? order.leader.member : known;
  if (kind === 'follow' && leader === self.name) {
    return { rejection: 'Invalid', message: 'a member cannot follow itself' };
  }
  if (known !== undefined && leader !== known) {
    return {
      rejection: 'Invalid',
      message: `in epoch ${epoch} the leader is ${known}, not ${leader}: another needs a higher epoch`,
    };
  }
  if (kind === 'promote' && epoch === self.ledBefore) {
    return {
      rejection: 'Failed',
      message: `an earlier process of this member has led in epoch ${epoch}: the member leads again only in a higher one`,
    };
  }
  const before = epoch === acknowledged.epoch ? acknowledged.revision : undefined;
  const told = kind === 'promote' ? order.sync?.revision : undefined;
  if (before !== undefined && told !== undefined && told < before) {
    return {
      rejection: 'StaleEpoch',
      message: `revision ${before} of the sync set of epoch ${epoch} has been acknowledged: revision ${told} is outdated`,
    };
  }
  const revision = told ?? before;
  const { ledEpoch } = acknowledged;
  return {
    acknowledged: {
      epoch,
      ledEpoch,
      ...(leader === undefined ? {} : { leader }),
      ...(revision === undefined ? {} : { revision }),
    },
  };
}
