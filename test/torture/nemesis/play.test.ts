import { expect, it } from 'vitest';
import { type FaultName, faultNames } from './fault-names.ts';
import type { Step } from './plan.ts';
import { play } from './play.ts';
import { allPods, noPods, recordingTools } from './testing/recording-tools.ts';

const step = (fault: FaultName, more: Partial<Step> = {}): Step => ({
  ...{ fault, atMs: 0, holdMs: 1, pick: 0.9 },
  ...more,
});
const options = () => ({ now: () => performance.now(), signal: new AbortController().signal });

it.each<[FaultName, string[]]>([
  ['kill', ['killContainer t-0']],
  ['freeze', ['freeze t-0', 'thaw t-0']],
  ['delete', ['delete t-0']],
  ['experiment', ['requestExperiment']],
  ['cut', ['cut node-1 both', 'heal node-1']],
  ['cut-in', ['cut node-1 in', 'heal node-1']],
  ['cut-out', ['cut node-1 out', 'heal node-1']],
  [
    'cut-followers',
    [
      ...['cutAddresses 10.0.0.1 10.0.0.2', 'cutAddresses 10.0.0.1 10.0.0.3'],
      ...['healAddresses 10.0.0.1 10.0.0.2', 'healAddresses 10.0.0.1 10.0.0.3'],
    ],
  ],
  ['cut-operator', ['cutAddresses 10.0.0.1 10.0.0.2', 'healAddresses 10.0.0.1 10.0.0.2']],
  ['isolate-operator', ['cutAddresses 10.0.0.2', 'healAddresses 10.0.0.2']],
  ['kill-operator', ['killContainer operator']],
  ['api-down', ['stopComponent kube-apiserver', 'startComponent kube-apiserver']],
  ['freeze-follower', ['freeze t-2', 'thaw t-2']],
  ['zone', ['loseZone zone-c', 'restoreZone zone-c']],
  ['clock', ['setClock t-2 1440', 'setClock t-2 0']],
  ['scale', ['mergePatch service {"replicas":0}', 'mergePatch service {"replicas":3}']],
  [
    'drain',
    [
      'mergePatch node-3 {"unschedulable":true}',
      'evict t-2',
      'mergePatch node-3 {"unschedulable":false}',
    ],
  ],
  ['restart-operator', ['delete operator']],
  ['freeze-operator', ['freeze operator', 'thaw operator']],
  // 0.9 of two followers is 0.8 of the second: it loses its volume, with 0.6 of the most that packets are delayed.
  ['slow-copy', ['delay node-3 170', 'delete data-t-2', 'delete t-2', 'delay node-3 0']],
])('%s hits the right pod, and is undone', async (fault, expected) => {
  const { done, tools } = recordingTools(allPods);
  const played = await play([step(fault)], tools, options());
  expect(done).toEqual(expected);
  expect(played.skipped).toEqual([]);
  expect(played.notes[0]).toMatch(`${fault} `);
  expect(played.notes[0]).toContain('(primary t-0 on node-1)');
});

it('a fault that is not possible is skipped, and reported', async () => {
  const needNoPod = ['api-down', 'zone', 'experiment', 'edit', 'roll', 'scale'];
  const names = faultNames.filter((name) => !needNoPod.includes(name));
  const { done, tools } = recordingTools(noPods);
  const played = await play(
    names.map((name) => step(name)),
    tools,
    options(),
  );
  expect(done).toEqual([]);
  expect(played.skipped.sort()).toEqual([...names].sort());
  const { tools: dead } = recordingTools(allPods, ['killContainer']);
  const { skipped, notes } = await play([step('kill')], dead, options());
  expect(skipped).toEqual(['kill']);
  expect(notes[0]).toContain('kill was skipped: killContainer failed');
});

it('faults are undone before an error is thrown, and before an interruption', async () => {
  const broken = recordingTools(allPods, ['loseZone']);
  const steps = [step('freeze', { holdMs: 20 }), step('zone')];
  await expect(play(steps, broken.tools, options())).rejects.toThrow('loseZone failed');
  expect(broken.done).toContain('thaw t-0');

  const { done, tools } = recordingTools(allPods);
  const stop = new AbortController();
  const playing = play([step('cut', { holdMs: 3_600_000 })], tools, {
    ...options(),
    signal: stop.signal,
  });
  await expect.poll(() => done).toContain('cut node-1 both');
  stop.abort(new Error('enough'));
  await expect(playing).rejects.toThrow();
  expect(done).toEqual(['cut node-1 both', 'heal node-1']);
});
