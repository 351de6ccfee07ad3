import { expect, it } from 'vitest';
import type { ChaosStatus, Experiment, ExperimentRecord } from '../../../src/api/chaos-status.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import { draw } from '../picture.ts';
import type { Kill } from './stage.ts';
import { bothNodeViews, describeEnd, describeNext, statusLines } from './view.ts';

const now = Date.parse('2026-11-28T10:00:20Z');
const hits = [{ pod: 'drill-0', uid: 'a', role: 'primary', zone: 'zone-a' }];
const planned = { id: 7, seed: 1, hits, why: '', objective: '30s' };

const running: Experiment = {
  ...planned,
  ...{ cause: 'Request', action: 'PodKill', phase: 'Recovering' },
  startsAt: '2026-11-28T10:00:17Z',
  injectedAt: '2026-11-28T10:00:17.500Z',
};
const passed: ExperimentRecord = {
  ...planned,
  ...{ cause: 'Schedule', action: 'PodKill', verdict: 'Passed', message: 'recovered' },
  ...{ at: '', endedAt: '', recoveryMs: 4_321 },
};
const refused: ExperimentRecord = {
  ...passed,
  ...{ cause: 'Request', hits: [], verdict: 'Refused', reason: 'ExperimentRunning' },
  message: 'experiment 7 is running (Recovering)',
};
delete refused.recoveryMs;

const service = (name: string, chaos?: ChaosStatus): HAService => ({
  metadata: { name, namespace: 'demo', uid: name, resourceVersion: '1' },
  spec: {},
  status: {
    ...{ phase: 'Healthy', primary: `${name}-0`, epoch: 3, ready: '3/3' },
    ...(chaos === undefined ? {} : { chaos }),
    members: [{ pod: `${name}-0`, uid: `${name}-0`, role: 'primary', health: 'Healthy' }],
  },
});
const pod = (name: string) => ({
  metadata: { name, uid: name },
  spec: { nodeName: 'zone-a-1', containers: [] },
});
const observed = (chaos: ChaosStatus, kills: Kill[] = [], open = 0) => ({
  services: { drill: service('drill', chaos), cron: service('cron') },
  members: { drill: [pod('drill-0')], cron: [pod('cron-0')] },
  nodes: [{ metadata: { name: 'zone-a-1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } } }],
  kills: { drill: [], cron: kills },
  open: { drill: 0, cron: open },
});
const textOf = (chaos: ChaosStatus, kills?: Kill[], open?: number) =>
  statusLines(observed(chaos, kills, open), now).map((line) =>
    line.map(({ text }) => text).join(''),
  );

it('shows the experiment that runs, and the pods that were deleted', () => {
  expect(textOf({ experiment: running }, [{ pod: 'cron-2', at: now }], 1)).toEqual([
    'drill      Healthy, primary drill-0, epoch 3, ready 3/3',
    '           #7 Recovering: PodKill of drill-0 (primary), for 2.5 s',
    'cron       Healthy, primary cron-0, epoch 3, ready 3/3',
    '           1 pods deleted, the last one cron-2; it has not recovered from the last 1',
  ]);
  const { injectedAt: _injected, ...planned } = running;
  const announced: Experiment = {
    ...planned,
    phase: 'Announced',
    startsAt: '2026-11-28T10:00:21.5Z',
  };
  expect(textOf({ experiment: announced })[1]).toContain(
    '#7 Announced: PodKill of drill-0 (primary), in 1.5 s',
  );
});

it('shows the last experiment and the next time', () => {
  expect(textOf({ history: [passed], nextTime: '2026-11-28T10:01:00.000Z' })[1]).toBe(
    '           #7 (Schedule) Passed, recovered after 4,321 ms; the next on schedule at 10:01:00 UTC',
  );
  expect(textOf({})[1]).toContain('no experiment yet');
  expect(describeEnd(refused)).toBe(
    '#7 (Request) Refused, ExperimentRunning: experiment 7 is running (Recovering)',
  );
});

it('says what comes next', () => {
  expect(describeNext({ atMs: now + 4_200, kind: 'Schedule' }, now)).toBe(
    'next: time of the schedule, in 5 s',
  );
  expect(describeNext(undefined, now)).toContain('waiting');
});

it('draws the members of both services on their nodes', () => {
  const lines = draw(
    {
      ...{ step: 'next', elapsedMs: 0, sent: 'writes', cellMs: 250, notes: [], hint: '' },
      nodes: bothNodeViews(observed({})),
      status: statusLines(observed({}), now),
      systems: [{ label: 'spec.chaos', cells: ['ok'], ok: 1, failed: 0 }],
    },
    80,
    23,
    false,
  );
  expect(lines.slice(2, 5)).toEqual([
    'zone-a zone-a-1',
    ' ★ drill-0 Healthy primary',
    ' ★ cron-0 Healthy primary',
  ]);
  expect(lines.join('\n')).toContain('writes of the last');
});
