import { highestEpoch, tooHigh } from '../api/epoch.ts';
import type { Order, OrderKind, Refusal } from '../protocol/member-protocol.ts';

/** What a member remembers of the orders that it has acknowledged. */
export interface Acknowledged {
  /** The highest; 0: none. */
  epoch: number;
  /** The last in which it led; 0: never, or what it led has been lost. */
  ledEpoch: number;
  /** Who leads in `epoch`, as far as it was told: its own name, or another's. */
  leader?: string;
  /** Highest revision of a sync set that the member was told in `epoch`; absent if it was told none. */
  revision?: number;
}

export const nothingAcknowledged: Acknowledged = { epoch: 0, ledEpoch: 0 };

/** The member that is given an order. */
export interface Self {
  name: string;
  uid?: string | undefined;
  /** Last epoch in which an earlier process led, where none may lead twice in one: see CommandQueue. */
  ledBefore?: number;
  /** Whether this very process has issued a nonce. */
  isOwn?: (nonce: string) => boolean;
}

export type Verdict =
  | { refusal: Refusal; message: string }
  /** What it must remember, on disk, before it acts. */
  | { acknowledged: Acknowledged };

/** Any order, with its kind. */
export type AnyOrder = { [K in OrderKind]: { kind: K; order: Order<K> } }[OrderKind];

/**
 * Whether a member may carry out an order. A member that has acknowledged an epoch refuses every lower one; that is what makes a quorum of fenced
 * followers a proof. And an epoch has one leader: a member that was told who it is believes nothing else in that epoch, so that
 * an order which was delayed or is a mistake cannot make two.
 *
 * Within one epoch a leader does not go back to an earlier sync set: a failover relies on the later one.
 *
 * An epoch that no operator can have reached is refused by all: a member that had acknowledged it would refuse every order from then on.
 *
 * `fence` and `demote` name no leader: they are accepted in any epoch that is not lower, and forget nothing.
 */
export function checkEpoch(acknowledged: Acknowledged, self: Self, given: AnyOrder): Verdict {
  const { kind, order } = given;
  const { epoch } = order;
  if (order.member !== self.name) {
    return { refusal: 'WrongMember', message: `this is ${self.name}, not ${order.member}` };
  }
  if (order.uid !== undefined && self.uid !== undefined && order.uid !== self.uid) {
    return { refusal: 'WrongMember', message: `this is another pod of that name: ${self.uid}` };
  }
  if (epoch > highestEpoch) {
    return { refusal: 'Invalid', message: `epoch ${epoch} is ${tooHigh}` };
  }
  const begins = kind === 'promote' && order.init ? order.nonce : undefined;
  if (begins !== undefined && self.isOwn?.(begins) === false) {
    return { refusal: 'WrongMember', message: 'it was to begin before this process was started' };
  }
  if (epoch < acknowledged.epoch) {
    return {
      refusal: 'StaleEpoch',
      message: `epoch ${acknowledged.epoch} has been acknowledged, ${epoch} is over`,
    };
  }
  const known = epoch === acknowledged.epoch ? acknowledged.leader : undefined;
  const leader = kind === 'promote' ? self.name : kind === 'follow' ? order.leader.member : known;
  if (kind === 'follow' && leader === self.name) {
    return { refusal: 'Invalid', message: 'a member cannot follow itself' };
  }
  if (known !== undefined && leader !== known) {
    return {
      refusal: 'Invalid',
      message: `in epoch ${epoch} the leader is ${known}, not ${leader}: another needs a higher epoch`,
    };
  }
  if (kind === 'promote' && epoch === self.ledBefore) {
    return {
      refusal: 'Failed',
      message: `an earlier process of this member has led in epoch ${epoch}: the member leads again only in a higher one`,
    };
  }
  const before = epoch === acknowledged.epoch ? acknowledged.revision : undefined;
  const told = kind === 'promote' ? order.sync?.revision : undefined;
  if (before !== undefined && told !== undefined && told < before) {
    return {
      refusal: 'StaleEpoch',
      message: `revision ${before} of the sync set of epoch ${epoch} has been accepted: revision ${told} is outdated`,
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
