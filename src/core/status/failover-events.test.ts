import { expect, it } from 'vitest';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { withoutOldFolders } from '../failover/data-loss.ts';
import type { Removal } from '../model/action.ts';
import type { Member } from '../model/observed.ts';
import { dead, healthy, makeMember, running } from '../testing/fixtures.ts';
import { noteOfAction } from './events.ts';
import { failoverNotes } from './failover-events.ts';

const record: FailoverRecord = {
  ...{ epoch: 2, from: 'web-0', to: 'web-1', trigger: 'Crash', outcome: 'Completed' },
  startedAt: '2026-01-01T00:00:00Z',
};
const sets = [{ members: ['web-0', 'web-2'], acks: 1 }];
const about = (loss: FailoverRecord['loss'], more: Partial<FailoverRecord>, status: Status = {}) =>
  failoverNotes(
    { ...status, epoch: 2, failovers: [{ ...record, ...more }] },
    { ...status, epoch: 2, failovers: [{ ...record, ...more, ...(loss && { loss }) }] },
  );

it('a failover that succeeds is one Warning, also if its former primary must be removed', () => {
  const begun: Status = {
    ...{ primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2 },
    fencing: { epoch: 2, from: 'web-0', trigger: 'Silent', startedAt: record.startedAt },
  };
  const elected: Status = {
    ...{ primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2 },
    failovers: [{ ...record, trigger: 'Silent', outcome: 'Promoting' }],
  };
  const ended: Status = { ...elected, failovers: [{ ...record, trigger: 'Silent' }] };
  const removal = (
    reason: Removal['reason'],
    status: Status,
    createdAtMs: number,
    more: Partial<Member> = {},
  ) =>
    noteOfAction(
      {
        type: 'DeletePod',
        removal: {
          member: { ...makeMember(running().resource, 0), createdAtMs, ...more },
          reason,
          note: 'no answer',
        },
      },
      status,
    )!;
  const before = Date.parse(record.startedAt) - 60_000;
  const told = [
    ...failoverNotes({ primary: 'web-0', primaryUID: 'uid-web-0', epoch: 1 }, begun),
    ...failoverNotes(begun, elected),
    removal('Frozen', elected, before),
    ...failoverNotes(elected, ended),
    removal('Ended', ended, before),
  ].map(({ type, reason }) => `${type} ${reason}`);
  expect(told).toEqual([
    'Warning FailoverStarted',
    'Normal PrimaryElected',
    'Normal PodDeleted',
    'Normal FailoverCompleted',
    'Normal PodDeleted',
  ]);
  // A pod that was no primary, as it was made later, or as there was no failover.
  expect(removal('Ended', ended, Date.parse(record.startedAt) + 1).type).toBe('Warning');
  expect(removal('Frozen', { epoch: 1 }, before).type).toBe('Warning');
  // One that has come back as a standby, and fails a day later.
  const dayLater = Date.parse(record.startedAt) + 86_400_000;
  const silent = dead('Silent', { sinceWallMs: dayLater });
  expect(removal('Frozen', ended, before, { health: silent }).type).toBe('Warning');
  const evicted = healthy({ healthyOrSuspectSinceWallMs: Date.parse(record.startedAt) + 5_000 });
  expect(removal('Ended', ended, before, { health: evicted }).type).toBe('Warning');
  const same = dead('Silent', { sinceWallMs: Date.parse(record.startedAt) });
  expect(removal('Frozen', ended, before, { health: same }).type).toBe('Normal');
});

it('discarded writes are a warning, and the note says no more than is known', () => {
  expect(about({ bytes: 30, message: '30 bytes' }, {})).toMatchObject([
    { type: 'Warning', note: 'web-0 had writes that its successor did not have: 30 bytes' },
  ]);
  expect(about({ message: 'not counted' }, {})).toMatchObject([
    { note: 'web-0 may have had writes that its successor did not have: not counted' },
  ]);
  expect(about({ bytes: 0, message: 'nothing' }, {})).toEqual([]);
});

it('after a fence by a quorum no discarded write was acknowledged: that is no warning', () => {
  const fence = 'Quorum: 2 of 2 follow nobody';
  expect(about({ message: 'not counted' }, { fence }, { syncSets: sets })).toMatchObject([
    { type: 'Normal', note: expect.stringContaining('none of them acknowledged') as string },
  ]);
  // A program that replicates by itself: nothing is known of its acknowledgements.
  expect(about({ message: 'not counted' }, { fence })).toMatchObject([{ type: 'Warning' }]);
});

it('a record does not name a folder that a later copy has replaced', () => {
  const withLoss = (epoch: number, from: string, message: string) => ({
    ...{ ...record, epoch, from },
    loss: { message },
  });
  const records = [
    withLoss(5, 'web-0', 'The files are in /data/before-epoch-5: start a server'),
    withLoss(4, 'web-1', 'The files are in /data/before-epoch-4: start a server'),
    withLoss(3, 'web-0', 'The files are in /data/before-epoch-3: start a server'),
  ];
  const told = withoutOldFolders(records);
  expect(told.map(({ loss }) => loss?.message.includes('is gone'))).toEqual([false, false, true]);
  expect(withoutOldFolders(told)).toEqual(told);
});
