import { isHAError } from '../../../src/api/errors.ts';
import type { Mutation } from '../generate/plan.ts';
import { type Snapshot, differences, snapshotOf } from '../oracle/snapshot.ts';
import { isAtOnce, mayInterrupt } from './effects.ts';
import { wrongRefusal } from './refusal.ts';
import { longestGapMs } from './requests.ts';
import type { Scene } from './scene.ts';
import { Telling } from './told.ts';

/** A rolling update of three members of a database, on a busy machine. */
const convergeMs = 180_000;
/** So long nothing changes any more: what is told then stays. */
const stillMs = 10_000;
/** The former state serves: no time without an answer is longer, even on a busy machine. */
const gapMs = 2_000;
/** The status of the former state may come a pass later. */
const restoreMs = 30_000;
const pollMs = 250;

export type Outcome = 'refused' | 'tried' | 'applied';

export interface Attempt {
  outcome: Outcome;
  /** What the API server said, or the condition that tells why the value has not become true. */
  told?: string;
  notConverged?: string;
  notRestored?: string;
  /** Everything else that is wrong. */
  wrong: string[];
  /** Failed requests of the client. */
  errors: number;
  /** How many pods are other ones than before. */
  replaced: number;
  tookMs: number;
}

/**
 * Writes one value, waits, checks, and goes back.
 *
 * @param before the state that `mutation.context` has led to: the one now
 */
export async function attempt(
  scene: Scene,
  mutation: Mutation,
  before: Snapshot,
): Promise<Attempt> {
  const startedMs = performance.now();
  const took = () => ({ tookMs: Math.round(performance.now() - startedMs) });
  const none = { wrong: [], errors: 0, replaced: 0 };
  const { generation } = scene.seen.resource.metadata;
  try {
    const written = await scene.write(mutation.spec, mutation.isDryRun);
    if (mutation.isDryRun) return { ...none, ...took(), outcome: 'tried' };
    // The value means what was there before.
    if (written.metadata.generation === generation) {
      const wrong =
        mutation.expected === 'refused' ? ['an invalid value was dropped in silence'] : [];
      return { ...none, ...took(), wrong, outcome: 'applied' };
    }
  } catch (error) {
    if (!isHAError(error, 'HA_ERR_API_STATUS')) throw error;
    const wrong = wrongRefusal(mutation, error.status ?? 0, error.message);
    return { ...none, ...took(), outcome: 'refused', told: error.message, wrong };
  }
  const applied = await watched(scene, mutation, before);
  return { ...applied, ...took() };
}

async function watched(
  scene: Scene,
  mutation: Mutation,
  before: Snapshot,
): Promise<Omit<Attempt, 'tookMs'>> {
  const { field, expected, context } = mutation;
  const { seen: first, requests } = scene;
  const sentFrom = Date.now();
  const failedBefore = requests.failed;
  const endsBefore = await scene.operatorEnds();
  const uids = new Set(first.pods.map(({ metadata }) => metadata?.uid ?? ''));
  const telling = new Telling(stillMs);
  let told: string | undefined;
  const late = await scene.watch(convergeMs, ({ resource, pods }) => {
    const now = pods.map(({ metadata }) => metadata?.uid ?? '');
    told = telling.look(resource, now, performance.now());
    return told;
  });
  const wrong: string[] = [];
  if (late === undefined && expected === 'refused') wrong.push('an invalid value was accepted');
  const replaced = scene.seen.pods.filter(({ metadata }) => !uids.has(metadata?.uid ?? '')).length;
  if (replaced > 0 && isAtOnce(field)) wrong.push(`${replaced} pods were replaced`);
  const gap = longestGapMs(requests.since(sentFrom), sentFrom, Date.now());
  const mustServe = told !== undefined || isAtOnce(field) || expected === 'refused';
  if (mustServe && !mayInterrupt(field) && gap > gapMs) {
    wrong.push(`the client was not answered for ${Math.round(gap)} ms`);
  }
  const notRestored = await back(scene, context, before);
  if ((await scene.operatorEnds()) !== endsBefore) wrong.push('the operator has ended');
  return {
    outcome: 'applied',
    ...(told === undefined ? {} : { told }),
    ...(late === undefined || told !== undefined ? {} : { notConverged: late }),
    ...(notRestored === undefined ? {} : { notRestored }),
    wrong,
    errors: requests.failed - failedBefore,
    replaced,
  };
}

/** Goes back to the spec of before. @returns how the state differs from the one of before. */
async function back(scene: Scene, context: unknown, before: Snapshot): Promise<string | undefined> {
  await scene.write(context);
  const late = await scene.watch(convergeMs, () => undefined);
  if (late !== undefined) return late;
  const deadline = performance.now() + restoreMs;
  for (;;) {
    const differs = differences(before, snapshotOf(scene.seen));
    if (differs.length === 0) return undefined;
    if (performance.now() > deadline) return differs.join('; ');
    await scene.pause(pollMs);
  }
}
