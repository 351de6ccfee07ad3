import type { Mutation } from '../generate/plan.ts';
import type { SubjectName } from '../subjects.ts';
import type { Attempt } from './attempt.ts';

export interface Result {
  service: SubjectName;
  mutation: Mutation;
  attempt: Attempt;
}

interface Problem {
  service: SubjectName;
  field: string;
  /** As JSON; `absent` if the field was removed. */
  value: string;
  kind: 'notConverged' | 'notRestored' | 'other';
  seen: string;
  /** Repeats the mutations of this field. */
  command: string;
}

export interface Report {
  seed: number;
  fields: number;
  mutations: number;
  refused: number;
  /** Also those of which a condition tells why they cannot become true: `told`. */
  applied: number;
  /** More than the cluster can run: the API server has accepted them, and has kept nothing. */
  tried: number;
  notConverged: number;
  notRestored: number;
  /** Failed requests, during all of it. */
  errorsSeenByClient: number;
  problems: Problem[];
  /** Values that the API server has accepted and that cannot become true, with the condition that says so. */
  told: { service: SubjectName; field: string; value: string; condition: string }[];
}

const longest = 160;

/** A value for a person: long ones are cut off. */
export function shortValue(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** @param errors failed requests of the clients, during all of it */
export function reportOf(results: readonly Result[], seed: number, errors: number): Report {
  const count = (isOne: (attempt: Attempt) => boolean) =>
    results.filter(({ attempt }) => isOne(attempt)).length;
  return {
    seed,
    fields: new Set(results.map(({ mutation }) => mutation.field)).size,
    mutations: results.length,
    refused: count(({ outcome }) => outcome === 'refused'),
    applied: count(({ outcome }) => outcome === 'applied'),
    tried: count(({ outcome }) => outcome === 'tried'),
    notConverged: count(({ notConverged }) => notConverged !== undefined),
    notRestored: count(({ notRestored }) => notRestored !== undefined),
    errorsSeenByClient: errors,
    problems: results.flatMap((result) => problemsOf(result, seed)),
    told: results.flatMap(({ service, mutation: { field, value }, attempt }) =>
      attempt.outcome === 'applied' && attempt.told !== undefined
        ? [{ service, field, value: shortValue(value), condition: attempt.told }]
        : [],
    ),
  };
}

/** What is wrong, in the order in which it was seen. */
export function problemsOf({ service, mutation, attempt }: Result, seed: number): Problem[] {
  const { field, value } = mutation;
  const problem = (kind: Problem['kind'], seen: string): Problem => ({
    ...{ service, field, value: shortValue(value), kind, seen },
    command: `npm run mutate -- --services ${service} --fields '${field}' --seed ${seed}`,
  });
  const { notConverged, notRestored, wrong } = attempt;
  return [
    ...(notConverged === undefined ? [] : [problem('notConverged', notConverged)]),
    ...wrong.map((seen) => problem('other', seen)),
    ...(notRestored === undefined ? [] : [problem('notRestored', notRestored)]),
  ];
}
