import type { Status } from '../../src/api/status.ts';
import type { SyncSet } from '../../src/protocol/member-protocol.ts';

export const setName = ({ acks, members }: SyncSet = { members: [], acks: 0 }): string =>
  `${acks} of ${members.toSorted().join(' ')}`;

/** What a status changes, for the trace. */
export function describeChange(before: Status, after: Status): string {
  const facts = ({ epoch, primaryUID, fencing, syncSets, phase, initialized }: Status) => ({
    epoch,
    primaryUID,
    fencing: fencing?.epoch,
    syncSets: syncSets?.map(setName).join(' and '),
    phase,
    initialized,
    blocked: after.conditions?.find(({ type }) => type === 'FailoverBlocked')?.message,
    failovers: after.failovers?.map(({ to, outcome }) => `${to} ${outcome}`)[0],
  });
  const [old, now] = [facts(before), facts(after)];
  const changed = Object.entries(now).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(old[key as keyof typeof old]),
  );
  return `status: ${changed.map(([key, value]) => `${key}=${String(value)}`).join(', ') || 'members or conditions'}`;
}
