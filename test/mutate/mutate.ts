import { canonicalJson } from '../../src/lib/hash.ts';
import type { Field } from './generate/fields.ts';
import { type Mutation, planOf } from './generate/plan.ts';
import { type Snapshot, snapshotOf } from './oracle/snapshot.ts';
import { type Attempt, attempt } from './run/attempt.ts';
import { type Report, type Result, problemsOf, reportOf, shortValue } from './run/report.ts';
import { Scene, type SceneOptions } from './run/scene.ts';
import { type SubjectName, subjects } from './subjects.ts';

const contextMs = 180_000;

export interface MutateOptions {
  environment: SceneOptions['environment'];
  namespace: string;
  services: readonly SubjectName[];
  fields: readonly Field[];
  seed: number;
  /** Of each service at most so many values that may apply, chosen by the seed. */
  most: number | undefined;
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Mutates each field of each service. @returns what is known, also if an error has ended it: then with the error.
 */
export async function mutate(options: MutateOptions): Promise<{ report: Report; error?: Error }> {
  const results: Result[] = [];
  let errors = 0;
  const report = () => reportOf(results, options.seed, errors);
  const closed = (scene: Scene) => {
    errors += scene.requests.failed;
    scene.close();
  };
  try {
    for (const name of options.services) await mutateOne(name, options, results, closed);
    return { report: report() };
  } catch (error) {
    return { report: report(), error: error as Error };
  }
}

async function mutateOne(
  name: SubjectName,
  options: MutateOptions,
  results: Result[],
  close: (scene: Scene) => void,
): Promise<void> {
  const { fields, seed, most, log, signal } = options;
  const subject = subjects[name]();
  const { spec } = subject.service;
  const plan = planOf({ spec, name, fields, seed, most });
  const open = () => Scene.open({ ...options, subject });
  log(`${name}: ${subject.title}: ${plan.length} mutations of ${fields.length} fields`);
  let scene: Scene | undefined = await open();
  let state: State | undefined;
  try {
    for (const [i, mutation] of plan.entries()) {
      signal.throwIfAborted();
      state = await stateFor(scene, mutation, state);
      const made = await attempt(scene, mutation, state.snapshot);
      const result = { service: name, mutation, attempt: made };
      results.push(result);
      for (const line of linesOf(result, seed)) log(`[${i + 1}/${plan.length}] ${line}`);
      if (made.notRestored === undefined) continue;
      log('making the service anew');
      close(scene);
      scene = undefined;
      scene = await open();
      state = undefined;
    }
  } finally {
    if (scene !== undefined) close(scene);
  }
}

/** What the spec that is mutated has led to. */
interface State {
  context: string;
  snapshot: Snapshot;
}

async function stateFor(
  scene: Scene,
  { context, field }: Mutation,
  state: State | undefined,
): Promise<State> {
  const text = canonicalJson(context);
  if (state?.context === text) return state;
  await scene.write(context);
  const wrong = await scene.watch(contextMs, () => undefined);
  if (wrong !== undefined) throw new Error(`before the mutations of ${field}: ${wrong}`);
  return { context: text, snapshot: snapshotOf(scene.seen) };
}

/** Nothing about what was refused, as it should be: there are very many of them. */
function linesOf(result: Result, seed: number): string[] {
  const { mutation, attempt: made } = result;
  const problems = problemsOf(result, seed);
  if (made.outcome !== 'applied' && problems.length === 0) return [];
  const value = shortValue(mutation.value);
  return [
    `${mutation.field}: ${value}: ${inWords(made)}`,
    ...problems.map(({ kind, seen }) => `  PROBLEM ${kind}: ${seen}`),
  ];
}

function inWords({ outcome, told, notConverged, replaced, errors, tookMs }: Attempt): string {
  const took = `${(tookMs / 1_000).toFixed(1)} s`;
  if (outcome === 'refused') return 'refused';
  const what = told ?? (notConverged === undefined ? 'applied' : 'not converged');
  const more = [
    ...(replaced > 0 ? [`${replaced} pods replaced`] : []),
    ...(errors > 0 ? [`${errors} requests failed`] : []),
  ];
  return [what, ...more, took].join(', ');
}
