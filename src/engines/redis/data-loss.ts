import type { MemberReport, Order, Position } from '../../protocol/member-protocol.ts';
import type { History } from './upstream.ts';
import type { Persisted } from './persisted-state.ts';

/**
 * Whether a member may hold what a new leader does not: its data have come from elsewhere, it stands beyond where the leader's term began, or it has led itself
 * and nothing says where that ended. Only then are its data worth keeping; whether it was so shows once it is linked.
 *
 * @param position before it follows
 */
export function isAtRisk(
  { epoch, start }: Order<'follow'>,
  position: Position | undefined,
  { foreign, ledIn, ledUntil }: Persisted,
): boolean {
  if (foreign) return true;
  const wrote = ledIn > 0 && ledIn < epoch;
  const offset = position?.offset ?? (wrote ? ledUntil : undefined);
  const ofOldTerm = position === undefined ? wrote : position.term < epoch;
  if (ofOldTerm && offset !== undefined && start !== undefined && offset > start) return true;
  // It led, and all that it wrote lies before the next leader's beginning: then that leader has it.
  const safe = offset !== undefined && start !== undefined && epoch === ledIn + 1;
  return wrote && !safe;
}

/**
 * How many bytes it holds that the leader does not. Offsets of two servers can be compared only where the leader has gone on
 * from the very history that the member has; a restart begins a new one, and counts anew.
 */
export function bytesAhead(
  offset: number,
  replid: string,
  leader: History | undefined,
): number | undefined {
  return leader?.replid2 === replid ? Math.max(0, offset - leader.until) : undefined;
}

/** For the report, once the data have been replaced. */
export function lossOf(
  epoch: number,
  { ahead, folder, foreign }: NonNullable<Persisted['kept']>,
): NonNullable<MemberReport['loss']> {
  const where = `The data files from before are kept in ${folder}: start a server on that folder to look into them, remove it when done.`;
  if (foreign) {
    return {
      epoch,
      message: `The data that came with its volume are not known to this service, and were replaced by those of the leader of epoch ${epoch}. ${where}`,
    };
  }
  return ahead === undefined
    ? {
        epoch,
        message: `It may have held writes that the leader of epoch ${epoch} has not. They cannot be counted, as one of the two was restarted or missed an epoch. ${where}`,
      }
    : {
        epoch,
        bytes: ahead,
        message: `It held ${ahead} bytes of the replication stream beyond what the leader of epoch ${epoch} went on from; the server's own pings, 14 bytes a second while it has followers, are among them. ${where}`,
      };
}
