import { canonicalJson, fnv1a } from '../../../src/lib/hash.ts';
import { type Field, specFields } from './fields.ts';
import { contextOf } from './context.ts';
import { knownValues } from './known-values.ts';
import { valueAt, withValue } from './path.ts';
import { type Value, valuesOf } from './values.ts';

/** What the API server must do with a value: a rule between fields may refuse also one that fits the schema. */
export type Expected = 'mayApply' | 'refused' | 'asAbsent';

export interface Mutation {
  field: string;
  what: string;
  value: unknown;
  expected: Expected;
  /** The spec before, and the one with the value. */
  context: unknown;
  spec: unknown;
  /** More than a small cluster can run: the API server is asked, and keeps nothing. */
  isDryRun: boolean;
}

export interface PlanOptions {
  /** The spec of the service, and its name. */
  spec: unknown;
  name: string;
  fields: readonly Field[];
  seed: number;
  /** At most so many mutations that are not refused by the schema, chosen by the seed. Default: all. */
  most?: number | undefined;
}

/** As many members as a small cluster runs. */
const mostMembers = 6;

/** Every mutation of these fields, in the order of the fields; equal for equal seeds, whatever other fields there are. */
export function planOf({ most, ...options }: PlanOptions): Mutation[] {
  const all = options.fields.flatMap((field) => mutationsOf(field, options));
  if (most === undefined) return all;
  const chosen = new Set(drawn(all.filter(isApplied), most, options));
  return all.filter((mutation) => !isApplied(mutation) || chosen.has(mutation));
}

const isApplied = ({ expected, isDryRun }: Mutation) => expected !== 'refused' && !isDryRun;

const drawn = (mutations: Mutation[], most: number, { seed, name }: PlanOptions) =>
  mutations
    .map((mutation) => ({
      mutation,
      rank: fnv1a(canonicalJson([seed, name, mutation.field, mutation.value ?? 'absent'])),
    }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, most)
    .map(({ mutation }) => mutation);

function mutationsOf(field: Field, { spec, name, seed }: PlanOptions): Mutation[] {
  const { path, isRequired } = field;
  const context = contextOf(spec, path, name);
  const before = valueAt(context, path);
  const values = [
    ...knownValues(path, context),
    ...valuesOf(field.schema, seedOf(seed, name, path)),
  ];
  const known = new Set<string>();
  const isNew = ({ value }: Value) => {
    const text = canonicalJson(value);
    return text !== canonicalJson(before) && !known.has(text) && known.add(text);
  };
  const mutation = (value: unknown, what: string, expected: Expected): Mutation => ({
    field: path,
    ...{ what, value, expected, context },
    spec: withValue(withParents(context, path, seed), path, value),
    isDryRun: path === 'spec.replicas' && typeof value === 'number' && value > mostMembers,
  });
  const isEntry = path.endsWith('[]');
  const mustBe = isRequired || isEntry;
  return [
    ...values
      .filter(isNew)
      .map(({ value, what, fits }) => mutation(value, what, fits ? 'mayApply' : 'refused')),
    mutation(null, 'null', mustBe ? 'refused' : 'asAbsent'),
    ...(before === undefined || isEntry
      ? []
      : [mutation(undefined, 'absent', isRequired ? 'refused' : 'mayApply')]),
  ];
}

const schemas = new Map(specFields().map(({ path, schema }) => [path, schema]));

/** The spec with the objects that the field is in, each with the other fields that it must have. */
function withParents(spec: unknown, path: string, seed: number): unknown {
  const ends = Array.from(path.matchAll(/[.[{]/g), ({ index }) => index).slice(1);
  return ends
    .map((end) => path.slice(0, end))
    .reduce((made, parent) => {
      const { type, required = [] } = schemas.get(parent) ?? {};
      if (type !== 'object' || required.length === 0) return made;
      if (valueAt(made, parent) !== undefined) return made;
      const least = valuesOf(schemas.get(parent) ?? {}, seed).find(({ fits }) => fits);
      return withValue(made, parent, least?.value);
    }, spec);
}

/** Other fields draw other values from one seed. */
const seedOf = (seed: number, name: string, path: string): number =>
  Number.parseInt(fnv1a(`${seed}/${name}/${path}`).slice(0, 7), 16);
