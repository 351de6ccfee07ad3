import { expect, it } from 'vitest';
import { highestEpoch } from '../../api/epoch.ts';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import { withStoredEpoch } from './stored-epoch.ts';

const record = (epoch: number): FailoverRecord => ({
  epoch,
  to: 'web-0',
  trigger: 'Crash',
  startedAt: '2026-01-01T00:00:00Z',
  outcome: 'Completed',
});
const stored = (status: Status, known = 0) => {
  const state = { epoch: known };
  return { ...withStoredEpoch(makeResource({}, status), state).status, known: state.epoch };
};

it('an epoch never falls, whatever somebody has made of the status', () => {
  expect(stored({ epoch: 3 })).toEqual({ epoch: 3, known: 3 });
  expect(stored({ epoch: 3 }, 5)).toEqual({ epoch: 5, known: 5 });
  expect(stored({}, 5)).toEqual({ epoch: 5, known: 5 });
  expect(stored({ epoch: 3, failovers: [record(4)] })).toMatchObject({ epoch: 4, known: 4 });
  expect(stored({})).toEqual({ known: 0 });
});

it.each([highestEpoch, Number.MAX_SAFE_INTEGER, 1e300])(
  'an epoch that no service gets to counts as the first, and is not remembered: %d',
  (epoch) => {
    expect(stored({ epoch, ledEpoch: epoch, primary: 'web-0' })).toEqual({
      epoch: 1,
      primary: 'web-0',
      known: 1,
    });
    const fencing = { epoch, trigger: 'Crash', startedAt: '2026-01-01T00:00:00Z' } as const;
    expect(stored({ epoch, fencing, failovers: [record(epoch), record(7)] })).toEqual({
      epoch: 7,
      failovers: [record(7)],
      known: 7,
    });
    // What is right beside it stays.
    const right = { ...fencing, epoch: 8 };
    expect(stored({ epoch: 8, ledEpoch: 6, fencing: right, failovers: [record(epoch)] })).toEqual({
      epoch: 8,
      ledEpoch: 6,
      fencing: right,
      failovers: [],
      known: 8,
    });
  },
);

it('one below that is believed', () => {
  expect(stored({ epoch: highestEpoch - 1 })).toMatchObject({ epoch: highestEpoch - 1 });
});
