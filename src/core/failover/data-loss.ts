import type { FailoverRecord, Loss } from '../../api/status.ts';
import type { Member, Resource } from '../model/observed.ts';
import { reportOf } from '../model/member.ts';

/**
 * The writes that the former primary had and its successor had not: its own report names them when it follows. If it follows and
 * has discarded nothing, nothing was lost.
 */
export function withDataLoss(
  record: FailoverRecord,
  { status }: Resource,
  members: Member[],
): FailoverRecord {
  if (record.loss !== undefined || record.from === undefined || record.from === record.to) {
    return record;
  }
  const former = members.find(({ name }) => name === record.from);
  const report = reportOf(former);
  if (report === undefined || record.epoch !== status.epoch) return record;
  const loss = lossOf(report.loss?.epoch === record.epoch ? report.loss : undefined);
  if (loss !== undefined) return { ...record, loss };
  const follows = report.state === 'Following' && report.linked === true;
  return follows && report.epoch === record.epoch
    ? {
        ...record,
        loss: { bytes: 0, message: `${record.from} had nothing that ${record.to} had not` },
      }
    : record;
}

const lossOf = (told: Loss | undefined): Loss | undefined =>
  told === undefined
    ? undefined
    : {
        ...(told.bytes === undefined ? {} : { bytes: told.bytes }),
        ...(told.transactions === undefined ? {} : { transactions: told.transactions }),
        message: told.message,
      };

/** A folder with the epoch in its name, as the agents name the copies of discarded data. */
const folder = /\/\S+-\d+(?=[\s:,.]|$)/;
const replaced = ' That copy is gone: the same member has kept a later one since.';

/** The older records of a member that has kept its discarded data once more: its volume has room for the newest copy alone. */
export function withoutOldFolders(records: FailoverRecord[]): FailoverRecord[] {
  const seen = new Set<string>();
  return records.map((record) => {
    const { from, loss } = record;
    if (from === undefined || loss === undefined || !folder.test(loss.message)) return record;
    if (!seen.has(from)) {
      seen.add(from);
      return record;
    }
    if (loss.message.endsWith(replaced)) return record;
    return { ...record, loss: { ...loss, message: loss.message + replaced } };
  });
}
