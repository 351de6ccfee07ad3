import { globSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { haServiceCrd } from '../src/api/crd.ts';
import { environment } from '../src/api/environment.ts';
import { fieldNotesKey } from '../src/api/field-notes.ts';
import { settingsSchema } from '../src/api/operator-settings.ts';
import { specSchema } from '../src/api/spec.ts';
import { fieldsPage, settingsFields, specFields } from './fields.ts';

type Json = Record<string, unknown>;

/** All examples of leaf fields in one object; a list of objects has one entry. */
function together(fields: { path: string; isLeaf: boolean; example: unknown }[]): Json {
  const all: Json = {};
  for (const { path, isLeaf, example } of fields) {
    if (!isLeaf) continue;
    const names = path.split('.');
    let at = all;
    for (const [index, each] of names.entries()) {
      const name = each.replace('[]', '');
      if (index === names.length - 1) at[name] = example;
      else if (each.endsWith('[]')) [at] = (at[name] ??= [{}]) as [Json];
      else at = (at[name] ??= {}) as Json;
    }
  }
  return all;
}

describe.each([
  ['the spec', specFields(), specSchema],
  ['the settings', settingsFields(), settingsSchema],
])('every field of %s', (_what, fields, schema) => {
  const leaves = fields.filter(({ isLeaf }) => isLeaf);

  it('says when a change takes effect, and has an example', () => {
    const mute = leaves.filter(
      ({ change, example }) => change === undefined || example === undefined,
    );
    expect(mute.map(({ path }) => path)).toEqual([]);
  });

  it('has an example that is accepted', () => {
    expect(schema.safeParse(together(fields)).error?.issues).toBeUndefined();
  });

  it('has an example that is not the default, which would show nothing', () => {
    const same = leaves.filter(
      ({ schema: { default: value }, example }) =>
        value !== undefined && JSON.stringify(value) === JSON.stringify(example),
    );
    expect(same.map(({ path }) => path)).toEqual([]);
  });
});

it('each example of the page is YAML that means what the schema says', () => {
  const shown = fieldsPage().matchAll(/^#+ (\S+)\n(?:(?!^#)[^])*?```yaml\n([^]*?)```/gm);
  const examples = [...shown].map(([, path = '', yaml = '']) => {
    const names = path.replaceAll('[]', '.0').split('.');
    return [path, names.reduce<unknown>((at, name) => (at as Json)[name], load(yaml))];
  });
  // services.read and services.all have the fields of services.write.
  const expected = [...specFields(), ...settingsFields()].filter(
    ({ isLeaf, path }) => isLeaf && !/^services\.(read|all)\./.test(path),
  );
  expect(examples).toEqual(expected.map(({ path, example }) => [path, example]));
});

it('the CRD has no notes of fields, which Kubernetes would refuse', () => {
  expect(JSON.stringify(haServiceCrd())).not.toContain(fieldNotesKey);
});

it('names each variable that the operator reads, and no other', () => {
  const source = ['src/main.ts', 'src/controller/own-pod.ts', ...globSync('src/telemetry/*.ts')]
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const read = [...source.matchAll(/env\['([A-Z_]+)'\]/g)].map(([, name = '']) => name);
  const inPod = /const \{ ([^}]+) \} = env;/.exec(source)?.[1] ?? '';
  const names = [...read, ...[...inPod.matchAll(/[A-Z_]+/g)].map(([name]) => name)];
  // Only for the tests of the checker.
  const known = new Set(names.filter((name) => name !== 'HASERVICE_TEST_UNSAFE'));
  expect([...known].sort()).toEqual(Object.keys(environment).sort());
});
