import { setTimeout as sleep } from 'node:timers/promises';
import { haServices } from '../../../src/controller/state/resource-type.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { requestExperiment } from '../../framework/experiments.ts';
import type { Journal } from '../journal.ts';
import { type Step, type StepKind, stepTitles } from './plan.ts';
import { type ServiceName, announceMs, cron, drill, serviceNames } from './services.ts';
import type { Stage } from './stage.ts';

/** How long a kill may take that was announced. Milliseconds. */
const killMs = announceMs + 5_000;
const recoverMs = 120_000;

export interface Story {
  client: KubeClient;
  stage: Stage;
  plan: readonly Step[];
  journal: Journal;
  random: () => number;
  signal: AbortSignal;
  /** The step that comes next; undefined after the last one. */
  onNext: (step: Step | undefined) => void;
}

/** How many times both services were to be hit, and which have not recovered in the end. */
export interface StoryEnd {
  due: number;
  notRecovered: ServiceName[];
}

/** Plays the plan: at each time an experiment is due for one service, and a pod of the other is deleted. */
export async function tell(story: Story): Promise<StoryEnd> {
  const { stage, plan, journal, signal, onNext } = story;
  for (const step of plan) {
    onNext(step);
    await sleep(Math.max(0, step.atMs - Date.now()), undefined, { signal });
    await steps[step.kind](story);
  }
  onNext(undefined);
  const due = plan.filter(({ kind }) => kind !== 'TemplateChange').length;
  // The last kill has been announced, and may not have been done yet.
  await sleep(killMs, undefined, { signal });
  journal.note('waiting until both services have recovered');
  const ends = await Promise.all(
    serviceNames.map(async (name): Promise<ServiceName[]> => {
      try {
        await stage.settled(name, recoverMs);
        return [];
      } catch (error) {
        signal.throwIfAborted();
        journal.note((error as Error).message);
        return [name];
      }
    }),
  );
  return { due, notRecovered: ends.flat() };
}

const steps: Record<StepKind, (story: Story) => Promise<void>> = {
  Request: async (story) => {
    story.journal.note(stepTitles.Request);
    await request(story);
  },
  // The operator begins by itself.
  Schedule: async (story) => {
    story.journal.note(stepTitles.Schedule);
    await deletePod(story);
  },
  RequestAgain: async (story) => {
    const { stage, signal, journal } = story;
    const isKilled = () =>
      stage.service(drill)?.status?.chaos?.experiment?.phase === 'Recovering' || undefined;
    // If there is no experiment to wait for, this is a request as any other.
    await stage.live.until('the kill', isKilled, killMs).catch(() => signal.throwIfAborted());
    journal.note(stepTitles.RequestAgain);
    await request(story);
  },
  TemplateChange: async ({ client, stage, journal, signal }) => {
    journal.note(`${stepTitles.TemplateChange}, of both services`);
    const template = {
      metadata: { annotations: { 'example.com/changed-at': String(Date.now()) } },
    };
    for (const name of serviceNames) {
      await client.mergePatch(haServices, stage.ref(name), { spec: { template } }, { signal });
    }
  },
};

async function request(story: Story): Promise<void> {
  const { client, stage, signal } = story;
  await requestExperiment(client, stage.ref(drill), new Date(), signal);
  await deletePod(story);
}

async function deletePod({ stage, journal, random }: Story): Promise<void> {
  const status = stage.service(cron)?.status;
  const pod = await stage.deleteAny(cron, random());
  const role = pod === status?.primary ? 'the primary' : 'a standby';
  journal.note(
    pod === undefined
      ? 'cron: there is no pod to delete'
      : `cron: deleted ${pod}, ${role}, when ${status?.ready ?? 'none'} were healthy`,
  );
}
