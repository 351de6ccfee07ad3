import type { Fault, Target } from '../framework/faults.ts';
import { observe } from '../framework/observe.ts';
import type { SampleLog } from '../framework/sample-log.ts';
import type { ComparisonTestbed } from '../framework/comparison-testbed.ts';
import { isSettled, shortName } from '../framework/state.ts';
import type { System } from '../framework/system.ts';
import type { Journal } from './journal.ts';
import { marksBefore, slowestMarkMs, type Result } from './report.ts';

export interface Story {
  testbed: ComparisonTestbed;
  /** Name of the HAService. */
  name: string;
  faults: readonly Fault[];
  clients: Record<System, SampleLog>;
  /** Node of the clients and the operator, which is never cut off. */
  spared: string | undefined;
  journal: Journal;
  signal: AbortSignal;
  /** The present step, for the picture. */
  onStep: (step: string) => void;
  onCut: (node: string | undefined) => void;
}

/** Injects every fault into both systems and waits until they have recovered in between. */
export async function tell(story: Story): Promise<Result[]> {
  const { faults, testbed, name, spared, journal, onStep } = story;
  const results: Result[] = [];
  for (const [i, fault] of faults.entries()) {
    const step = `fault ${i + 1} of ${faults.length}: ${fault.title}`;
    await rested(story);
    if (fault.name === 'node-lost') {
      // One cut for both: it takes all pods of the node off the network.
      const primary = await testbed.movePrimaryOff(name, spared);
      const plain = testbed.plainTarget({ node: primary.node });
      onStep(step);
      journal.note(`cut off ${primary.node}: ${primary.name}, ${shortName(plain.name)}`);
      results.push(...(await strike(story, fault, primary, ['haservice', 'kubernetes'])));
      continue;
    }
    const primary = testbed.primary(name);
    onStep(`${step}, HAService`);
    journal.note(`${fault.title}: ${primary.name}, the primary`);
    results.push(...(await strike(story, fault, primary, ['haservice'])));
    const plain = testbed.plainTarget({ notOn: spared });
    onStep(`${step}, Kubernetes`);
    journal.note(`${fault.title}: ${shortName(plain.name)}, one of three`);
    results.push(...(await strike(story, fault, plain, ['kubernetes'])));
  }
  await rested(story);
  return results;
}

/** Waits until both systems are as they were before the first fault. */
async function rested({ testbed, name, journal, onStep }: Story): Promise<void> {
  onStep('waiting until both have recovered');
  const service = testbed.service(name);
  if (service !== undefined && !isSettled(service))
    journal.note('waiting until all members are healthy again');
  await testbed.allRested();
}

async function strike(
  { clients, signal, journal, onCut }: Story,
  fault: Fault,
  target: Target,
  systems: System[],
): Promise<Result[]> {
  const faultAt = Date.now();
  await fault.inject(target);
  if (fault.name === 'node-lost') onCut(target.node);
  try {
    return await Promise.all(
      systems.map(async (system): Promise<Result> => {
        const window = await observe(clients[system], faultAt, fault.windowMs, signal);
        const samples = clients[system].since(faultAt - (marksBefore + 1) * slowestMarkMs);
        return { fault: fault.name, title: fault.title, system, window, faultAt, samples };
      }),
    );
  } finally {
    // Also on Ctrl-C: with --keep the cluster is left whole.
    if (fault.name !== 'crash') {
      const what =
        fault.name === 'hang' ? 'thawed what is still frozen' : `reconnected ${target.node}`;
      journal.note(what);
      await fault.undo(target);
    }
    onCut(undefined);
  }
}
