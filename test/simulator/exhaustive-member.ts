import type { MemberReport } from '../../src/protocol/member-protocol.ts';
import { nameOf, uidOf } from './exhaustive-reconcile.ts';
import type { Flight, Node } from './exhaustive-state.ts';

export function reportOf(node: Node, ordinal: number): MemberReport {
  const { state, epoch, ledEpoch, leader, log, term, sync } = node;
  return {
    uid: uidOf(ordinal),
    state,
    epoch,
    ledEpoch,
    ...(leader === undefined ? {} : { leader: nameOf(leader), linked: true }),
    position: { term, offset: log.length },
    ...(sync === undefined ? {} : { sync }),
  };
}

const detached = ({ epoch, ledEpoch, log, term }: Node): Node => ({
  state: 'Detached',
  epoch,
  ledEpoch,
  log,
  term,
});

/** Another process: it holds what is on its volume, and does nothing of its own accord. */
export const restarted = (node: Node): Node => detached(node);

/** The member after an order; undefined if it refuses the order. */
export function obey(node: Node, ordinal: number, order: Flight): Node | undefined {
  const { kind, epoch, sync, leader } = order;
  if (epoch < node.epoch) return undefined;
  const isSame = epoch === node.epoch;
  switch (kind) {
    case 'promote': {
      // It was told of another leader in this epoch.
      if (isSame && node.state === 'Following') return undefined;
      const told = sync === undefined ? {} : { sync };
      if (isSame && node.state === 'Leading') return { ...node, ...told };
      return {
        ...detached(node),
        ...told,
        state: 'Leading',
        epoch,
        ledEpoch: epoch,
        log: [...node.log, -epoch],
        term: epoch,
      };
    }
    case 'follow': {
      if (leader === undefined || leader === ordinal) return undefined;
      if (isSame && node.ledEpoch === epoch) return undefined;
      if (isSame && node.state === 'Following' && node.leader === leader) return node;
      return { ...detached(node), state: 'Following', epoch, leader };
    }
    default:
      return { ...detached(node), epoch };
  }
}

/** A follower takes over what its leader holds: its own log goes, as far as that has none of it. */
export function replicate(node: Node, leader: Node): Node | undefined {
  if (leader.state !== 'Leading' || leader.epoch !== node.epoch) return undefined;
  if (node.log === leader.log || node.log.join() === leader.log.join()) return undefined;
  return { ...node, log: leader.log, term: leader.term };
}
