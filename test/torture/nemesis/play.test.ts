import { expect, it } from 'vitest';
import { type FaultName, faultNames } from './fault-names.ts';
import type { PodsByRole, FaultTools, TargetPod } from './faults.ts';
import type { Step } from './plan.ts';
import { play } from './play.ts';

const pod = (name: string, index: number): TargetPod => ({
  namespace: 'ns',
  name,
  uid: `uid-${name}`,
  node: `node-${index}`,
  address: `10.0.0.${index}`,
});
const all: PodsByRole = {
  primary: () => pod('t-0', 1),
  followers: () => [pod('t-1', 2), pod('t-2', 3)],
  operator: () => pod('operator', 2),
};
const noPods: PodsByRole = {
  primary: () => undefined,
  followers: () => [],
  operator: () => undefined,
};

/** Tools that record every call. */
function recordingTools(
  roles: PodsByRole,
  fails: string[] = [],
): { done: string[]; tools: FaultTools } {
  const done: string[] = [];
  const record = (_: object, verb: string | symbol) =>
    verb === 'nodes'
      ? ['a', 'b', 'c'].map((zone) => ({ zone: `zone-${zone}` }))
      : async (...args: unknown[]) => {
          const words = args.map((arg) =>
            typeof arg === 'string' ? arg : ((arg as Partial<TargetPod>).name ?? ''),
          );
          done.push([String(verb), ...words].join(' ').trimEnd());
          if (fails.includes(String(verb))) throw new Error(`${String(verb)} failed`);
        };
  const cluster = new Proxy({}, { get: record });
  const setClock = (name: string, seconds: number) => {
    done.push(`setClock ${name} ${seconds}`);
  };
  const requestExperiment = async () => void done.push('requestExperiment');
  return {
    done,
    tools: { cluster, client: cluster, roles, setClock, requestExperiment } as FaultTools,
  };
}

const step = (fault: FaultName, more: Partial<Step> = {}): Step => ({
  ...{ fault, atMs: 0, holdMs: 1, pick: 0.9 },
  ...more,
});
const options = () => ({ now: () => performance.now(), signal: new AbortController().signal });

it.each<[FaultName, string[]]>([
  ['kill', ['killContainer t-0']],
  ['freeze', ['freeze t-0', 'thaw t-0']],
  ['delete', ['delete  t-0']],
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
])('%s hits the right pod, and is undone', async (fault, expected) => {
  const { done, tools } = recordingTools(all);
  const played = await play([step(fault)], tools, options());
  expect(done.map((each) => each.replace(/^(delete ).*( t-0).*/, '$1$2'))).toEqual(expected);
  expect(played.skipped).toEqual([]);
  expect(played.notes[0]).toContain(`${fault} (primary t-0 on node-1)`);
});

it('a fault that is not possible is skipped, and reported', async () => {
  const names = faultNames.filter((name) => !['api-down', 'zone', 'experiment'].includes(name));
  const { done, tools } = recordingTools(noPods);
  const played = await play(
    names.map((name) => step(name)),
    tools,
    options(),
  );
  expect(done).toEqual([]);
  expect(played.skipped.sort()).toEqual([...names].sort());
  const { tools: dead } = recordingTools(all, ['killContainer']);
  const { skipped, notes } = await play([step('kill')], dead, options());
  expect(skipped).toEqual(['kill']);
  expect(notes[0]).toContain('kill was skipped: killContainer failed');
});

it('faults are undone before an error is thrown, and before an interruption', async () => {
  const broken = recordingTools(all, ['loseZone']);
  const steps = [step('freeze', { holdMs: 20 }), step('zone')];
  await expect(play(steps, broken.tools, options())).rejects.toThrow('loseZone failed');
  expect(broken.done).toContain('thaw t-0');

  const { done, tools } = recordingTools(all);
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
