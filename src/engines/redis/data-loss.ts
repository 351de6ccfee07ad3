import type { MemberReport, Order, Position } from '../../protocol/member-protocol.ts';
import type { UpstreamHistory } from './upstream.ts';
import type { Persisted } from './persisted-state.ts';

/**
 * Whether a member may hold data that a new leader lacks: its data come from another service, its position is beyond the start of
 * the leader's term, or it has led and its end is not known. Only then are its data worth retaining; once it is linked, it shows
 * whether they were needed.
 *
 * @param position its position before it follows
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
  // It led, and all that it wrote lies before the start of the next leader's term: that leader has it.
  const safe = offset !== undefined && start !== undefined && epoch === ledIn + 1;
  return wrote && !safe;
}

/**
 * How many bytes the member holds that the leader lacks. Offsets of two servers can be compared only if the leader has continued
 * the same history as the member; a restart begins a new one, and counts from 0.
 */
export function bytesAhead(
  offset: number,
  replid: string,
  leader: UpstreamHistory | undefined,
): number | undefined {
  return leader?.replid2 === replid ? Math.max(0, offset - leader.until) : undefined;
}

/** The loss for the report, after the data have been replaced. */
export function lossOf(
  epoch: number,
  { ahead, folder, foreign }: NonNullable<Persisted['kept']>,
): NonNullable<MemberReport['loss']> {
  const where = `The former data files are in ${folder}: start a server on that folder to read them, and remove it afterwards.`;
  if (foreign) {
    return {
      epoch,
      message: `The data on its volume were not those of this service, and were replaced by those of the leader of epoch ${epoch}. ${where}`,
    };
  }
  return ahead === undefined
    ? {
        epoch,
        message: `The bytes cannot be counted, as it or the leader of epoch ${epoch} was restarted or missed an epoch. ${where}`,
      }
    : {
        epoch,
        bytes: ahead,
        message: `${ahead} bytes of the replication stream, beyond the point from which the leader of epoch ${epoch} continued; this includes the server's own pings, 14 bytes a second while it has followers. ${where}`,
      };
}
