import { expect, it } from 'vitest';
import type { HAService } from '../../api/haservice.ts';
import type { Commit } from '../../core/model/decision.ts';
import { makeResource, t0 } from '../../core/testing/fixtures.ts';
import { silentLog } from '../../lib/log.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { Stores } from '../state/stores.ts';
import { commitElection } from './commit-election.ts';

const clock = { now: () => 0, wallNow: () => t0 + 900, after: () => () => {} };

it.each<[string, Partial<Commit>, number]>([
  ['the first data set', {}, t0],
  ['an election', { status: { epoch: 3 } }, t0 + 900],
  ['the election after a fence', { trigger: 'Crash' }, t0 + 900],
])('times the steps of a failover from its election: %s', (_what, more, committedAtMs) => {
  const resource = makeResource({}, { epoch: 2 });
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid-web', resourceVersion: '1' };
  const object = { metadata, status: resource.status } as HAService;
  const state = new ReconcileStates().of('uid-web');
  state.timings = { epoch: 2, committedAtMs: t0 };
  state.primarySign = { uid: 'uid-web-0', lastMs: 'Unknown' };
  const steps = commitElection(
    {
      stores: new Stores(),
      clock,
      apiServerHealth: new ApiServerHealth(clock, () => {}),
      monitor: { health: () => undefined } as never,
      events: { record() {} },
    },
    { object, resource, state, log: silentLog },
    { status: { epoch: 2 }, what: 'a test', confirmSilence: false, ...more },
    [],
  );
  steps.next();
  expect(steps.next({ ...object, metadata: { ...metadata, resourceVersion: '2' } })).toEqual({
    done: true,
    value: 'Written',
  });
  expect(state.timings.committedAtMs).toBe(committedAtMs);
  expect(state.timings.lastSignMs).toBe(committedAtMs === t0 ? undefined : 'Unknown');
});
