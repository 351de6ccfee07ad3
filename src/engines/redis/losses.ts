import type { MemberReport, Order, Position } from '../../api/member-protocol.ts';
import type { Remembered } from './memory.ts';

/** What following a leader may cost a member, as far as it can be known before. */
export interface Risk {
  /** The least number of bytes that it holds and the leader does not; undefined where that cannot be said. */
  ahead: number | undefined;
}

/**
 * Whether a member may hold what a new leader does not: it stands beyond where the leader's term began, or it has led itself
 * and nothing says where that ended. Only then are its data worth keeping; whether it was so shows once it is linked.
 *
 * @param position before it follows
 */
export function riskOf(
  { epoch, start }: Order<'follow'>,
  position: Position | undefined,
  { ledIn, ledUntil }: Remembered,
): Risk | undefined {
  const wrote = ledIn > 0 && ledIn < epoch;
  const offset = position?.offset ?? (wrote ? ledUntil : undefined);
  const ofOldTerm = position === undefined ? wrote : position.term < epoch;
  if (ofOldTerm && offset !== undefined && start !== undefined && offset > start) {
    return { ahead: offset - start };
  }
  // It led, and all that it wrote lies before the next leader's beginning: then that leader has it.
  const safe = offset !== undefined && start !== undefined && epoch === ledIn + 1;
  return wrote && !safe ? { ahead: undefined } : undefined;
}

/** For the report, once the data have been replaced. */
export function lossOf(
  epoch: number,
  ahead: number | undefined,
  folder: string,
): NonNullable<MemberReport['loss']> {
  const where = `The data files from before are kept in ${folder}: start a server on that folder to look into them, remove it when done`;
  return ahead === undefined
    ? {
        epoch,
        message: `It had led before a leader of epoch ${epoch} took over, and may have held writes that no other member has; how many is not known, as its offset is lost with a restart. ${where}`,
      }
    : {
        epoch,
        bytes: ahead,
        message: `It held ${ahead} bytes of the replication stream beyond the offset at which the leader of epoch ${epoch} took over; the server's own pings (14 bytes a second while it had followers) count among them. ${where}`,
      };
}
