import type { Order, OrderKind, Refusal } from '../../src/api/member-protocol.ts';

/** Any order, with its kind. */
export type AnyOrder = { [K in OrderKind]: { kind: K; order: Order<K> } }[OrderKind];

interface Obeyed {
  epoch: number;
  leader?: string | undefined;
}

/** Whether a member obeys, and what it remembers of that: no older epoch, and one leader in each. As src/agent has it. */
export function judge(
  obeyed: Obeyed,
  self: { name: string; uid: string },
  given: AnyOrder,
): { refusal: Refusal } | { obeyed: Obeyed } {
  const { kind, order } = given;
  const { epoch } = order;
  if (order.member !== self.name) return { refusal: 'WrongMember' };
  if (order.uid !== undefined && order.uid !== self.uid) return { refusal: 'WrongMember' };
  if (epoch < obeyed.epoch) return { refusal: 'StaleEpoch' };
  const known = epoch === obeyed.epoch ? obeyed.leader : undefined;
  const leader = kind === 'promote' ? self.name : kind === 'follow' ? order.leader.member : known;
  if (kind === 'follow' && leader === self.name) return { refusal: 'Invalid' };
  if (known !== undefined && leader !== known) return { refusal: 'Invalid' };
  return { obeyed: { epoch, leader } };
}
