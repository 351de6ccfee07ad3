import { expect, it } from 'vitest';
import { seriesOf } from './plan.ts';
import { chaosRowOf, renderChaosRows } from './rows.ts';

it('does by hand what PodKill does, for each target', () => {
  expect(
    seriesOf(['PodKill', 'Evict'], ['Primary', 'Standby']).map(
      ({ method, role }) => `${method} ${role}`,
    ),
  ).toEqual([
    ...['PodKill Primary', 'ByHand Primary', 'Evict Primary'],
    ...['PodKill Standby', 'ByHand Standby', 'Evict Standby'],
  ]);
  expect(seriesOf(['ZoneKill'], ['Standby'])).toEqual([{ method: 'ZoneKill', role: 'Standby' }]);
});

it('shows medians and p99, refusals, and what is not measured as empty', () => {
  const rows = [
    chaosRowOf(
      'Redis, Strong',
      { method: 'PodKill', role: 'Primary' },
      {
        each: [
          {
            verdict: 'Passed',
            recoveryMs: 4_000,
            seenRecoveryMs: 4_100,
            failoverMs: 90,
            withoutSuccessMs: 120,
          },
          {
            verdict: 'Passed',
            recoveryMs: 5_000,
            seenRecoveryMs: 5_100,
            failoverMs: 110,
            withoutSuccessMs: 140,
          },
          { verdict: 'Failed', seenRecoveryMs: 130_000, withoutSuccessMs: 150 },
        ],
        refusals: { NotSteady: 2, FailoverBackoff: 1 },
      },
    ),
    chaosRowOf(
      'Redis, Strong',
      { method: 'ByHand', role: 'Standby' },
      { each: [{ seenRecoveryMs: 3_900, withoutSuccessMs: 15 }], refusals: {} },
    ),
  ];
  expect(rows[0]).toMatchObject({ runs: 3, failed: 1, recoveryMs: { median: 4_500, p99: 5_000 } });
  expect(`\n${renderChaosRows(rows)}`).toMatchInlineSnapshot(`
    "
    system         kill                    target   runs  refused  failed  recovery    p99   seen      p99  failover  p99  no success  p99
    -------------  ----------------------  -------  ----  -------  ------  --------  -----  -----  -------  --------  ---  ----------  ---
    Redis, Strong  PodKill                 Primary     3        3       1     4,500  5,000  5,100  130,000       100  110         140  150
    Redis, Strong  kubectl delete --force  Standby     1                                    3,900    3,900                         15   15"
  `);
});
