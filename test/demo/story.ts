import type { Fault, Target } from '../measure/faults.ts';
import { observe } from '../measure/observe.ts';
import type { SampleLog } from '../measure/sample-log.ts';
import type { Stage } from '../measure/stage.ts';
import { isSettled, shortName } from '../measure/state.ts';
import type { System } from '../measure/system.ts';
import type { Journal } from './journal.ts';
import { marksBefore, slowestMarkMs, type Result } from './report.ts';

export interface Story {
  stage: Stage;
  /** Name of the HAService. */
  name: string;
  faults: readonly Fault[];
  clients: Record<System, SampleLog>;
  /** Node of the clients and the operator, which is never cut off. */
  spared: string | undefined;
  journal: Journal;
  signal: AbortSignal;
  /** What is going on now, for the picture. */
  onStep: (step: string) => void;
  onCut: (node: string | undefined) => void;
}

/** Does every fault to both systems and gives them time to recover in between. */
export async function tell(story: Story): Promise<Result[]> {
  const { faults, stage, name, spared, journal, onStep } = story;
  const results: Result[] = [];
  for (const [i, fault] of faults.entries()) {
    const step = `fault ${i + 1} of ${faults.length}: ${fault.title}`;
    await rested(story);
    if (fault.name === 'node-lost') {
      // One cut for both: a node takes all of its pods along.
      const primary = await stage.movePrimaryOff(name, spared);
      const plain = stage.plainTarget({ node: primary.node });
      onStep(step);
      journal.note(`cut off ${primary.node}: ${primary.name}, ${shortName(plain.name)}`);
      results.push(...(await strike(story, fault, primary, ['haservice', 'kubernetes'])));
      continue;
    }
    const primary = stage.primary(name);
    onStep(`${step}, HAService`);
    journal.note(`${fault.title}: ${primary.name}, the primary`);
    results.push(...(await strike(story, fault, primary, ['haservice'])));
    const plain = stage.plainTarget({ notOn: spared });
    onStep(`${step}, Kubernetes`);
    journal.note(`${fault.title}: ${shortName(plain.name)}, one of three`);
    results.push(...(await strike(story, fault, plain, ['kubernetes'])));
  }
  await rested(story);
  return results;
}

/** Waits until both systems are as before the first fault. */
async function rested({ stage, name, journal, onStep }: Story): Promise<void> {
  onStep('waiting until both have recovered');
  const service = stage.service(name);
  if (service !== undefined && !isSettled(service))
    journal.note('waiting until all are well again');
  await stage.allRested();
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
