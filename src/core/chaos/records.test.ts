import { expect, it } from 'vitest';
import type { ExperimentRecord } from '../../api/chaos-status.ts';
import { t0 } from '../testing/fixtures.ts';
import { withRecord } from './records.ts';

const at = new Date(t0).toISOString();
const record = (id: number, more: Partial<ExperimentRecord>): ExperimentRecord => ({
  ...{ id, cause: 'Schedule', action: 'PodKill', seed: 1, hits: [], why: 'test', objective: '1m' },
  ...{ verdict: 'Refused', message: 'test', at, endedAt: at },
  ...more,
});

it('refusals do not push the last experiment with a kill out of the history', () => {
  let status = withRecord({}, record(1, { verdict: 'Failed', injectedAt: at }), 3);
  for (let id = 2; id <= 9; id++) status = withRecord(status, record(id, {}), 3);
  expect(status.history?.map(({ id }) => id)).toEqual([9, 8, 7, 1]);
  status = withRecord(status, record(10, { verdict: 'Passed', injectedAt: at }), 3);
  expect(status.history?.map(({ id }) => id)).toEqual([10, 9, 8]);
});
