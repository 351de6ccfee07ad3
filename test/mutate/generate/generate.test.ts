import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { specSchema } from '../../../src/api/spec.ts';
import { subjectNames, subjects } from '../subjects.ts';
import { chosenFields, specFields } from './fields.ts';
import { keysOf, valueAt, withValue } from './path.ts';
import { planOf } from './plan.ts';
import { textsFor } from './texts.ts';
import { valuesOf } from './values.ts';

const fields = specFields();
const plan = (name: (typeof subjectNames)[number], options: object = {}) => {
  const { spec } = subjects[name]().service;
  return planOf({ spec, name, fields, seed: 1, ...options });
};

describe('fields', () => {
  it('are all those of the schema, also in lists and maps', () => {
    const paths = fields.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'spec.replicas',
        'spec.ports[].name',
        'spec.services.write.labels{}',
        'spec.template.spec.containers[].name',
        'spec.chaos.steadyState.timeout',
      ]),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('are chosen by name, with all that is in them', () => {
    const paths = chosenFields(fields, ['spec.ports', 'spec.paused']).map(({ path }) => path);
    expect(paths).toContain('spec.ports[].port');
    expect(paths).toContain('spec.paused');
    expect(paths).not.toContain('spec.replicas');
    expect(() => chosenFields(fields, ['replicas'])).toThrow(/no field replicas: write it as/);
  });
});

describe('values', () => {
  const valuesFor = (path: string) =>
    valuesOf(fields.find((field) => field.path === path)!.schema, 1);

  it('of a whole number are its bounds, one in between, the default, and others that are invalid', () => {
    const values = valuesFor('spec.heartbeat.failureThreshold');
    const fit = values.filter(({ fits }) => fits).map(({ value }) => value);
    expect(fit).toEqual(expect.arrayContaining([1, 3, 100]));
    const unfit = values.filter(({ fits }) => !fits).map(({ value }) => value);
    expect(unfit).toEqual(expect.arrayContaining([0, 101, 1.5, '1', true]));
  });

  it('of a duration have units, and a number without one is invalid', () => {
    const values = valuesFor('spec.heartbeat.timeout');
    const of = (value: unknown) => values.find((each) => each.value === value)?.fits;
    expect([of('0s'), of('1m30s'), of('999999h')]).toEqual([true, true, true]);
    expect([of('2'), of(7), of('-1s'), of('')]).toEqual([false, false, false, false]);
  });

  it('of an enum are each word, and a word that is nearly one', () => {
    const values = valuesFor('spec.topology').map(({ value, fits }) => [value, fits]);
    expect(values).toEqual(
      expect.arrayContaining([
        ['LeaderFollower', true],
        ['ActivePassivex', false],
        ['activepassive', false],
      ]),
    );
  });

  it('of a list are an empty one, one entry, a full one, and one that is too long', () => {
    const lengths = valuesFor('spec.engine.exec.status').flatMap(({ value, fits }) =>
      Array.isArray(value) ? [[value.length, fits]] : [],
    );
    expect(lengths).toEqual(
      expect.arrayContaining([
        [0, false],
        [1, true],
        [64, true],
        [65, false],
      ]),
    );
  });

  it('of a text with a pattern fit the pattern, whatever the seed', () => {
    const schema = { pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 9 };
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { fit, unfit } = textsFor(schema, seed);
        expect(fit.length).toBeGreaterThan(0);
        expect(fit.every((text) => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text))).toBe(true);
        expect(unfit).toEqual(expect.arrayContaining(['', 'a b']));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a path', () => {
  it('leads through lists and maps', () => {
    expect(keysOf('spec.ports[].name')).toEqual(['ports', 0, 'name']);
    expect(keysOf('spec.services.write.labels{}')).toEqual(['services', 'write', 'labels', 'team']);
  });

  it('that is written can be read, and nothing else has changed', () => {
    const spec = { ports: [{ port: 80 }, { port: 81 }], engine: { type: 'TCP' } };
    const changed = withValue(spec, 'spec.ports[].name', 'web');
    expect(changed).toEqual({ ...spec, ports: [{ port: 80, name: 'web' }, { port: 81 }] });
    expect(valueAt(changed, 'spec.ports[].name')).toBe('web');
    expect(withValue(changed, 'spec.ports[].name', undefined)).toEqual(spec);
    expect(withValue(spec, 'spec.chaos.target.zone', undefined)).toEqual(spec);
    expect(withValue(spec, 'spec.ports[]', null)).toMatchObject({ ports: [null, { port: 81 }] });
  });
});

describe('a plan', () => {
  it.each(subjectNames)('of %s knows of each value whether the schema takes it', (name) => {
    for (const { field, what, value, expected, spec } of plan(name)) {
      // The API server takes null for an absent field, and kubectl asks it to refuse unknown ones; zod does neither.
      if (value === null || what === 'with an unknown field') continue;
      const isValid = specSchema.safeParse(spec).success;
      expect([field, value, isValid]).toEqual([field, value, expected === 'mayApply']);
    }
  });

  it('has valid and invalid values of every field', () => {
    const all = plan('web');
    for (const { path } of fields) {
      const expected = all.filter(({ field }) => field === path).map((each) => each.expected);
      expect([path, expected]).toEqual([path, expect.arrayContaining(['mayApply', 'refused'])]);
    }
  });

  it('is the same for the same seed, also if fewer fields are chosen', () => {
    const one = plan('web', { fields: chosenFields(fields, ['spec.heartbeat.phiThreshold']) });
    expect(one).toEqual(plan('web').filter(({ field }) => field === 'spec.heartbeat.phiThreshold'));
    expect(plan('web', { seed: 2 })).not.toEqual(plan('web'));
  });

  it('writes no value that is there already', () => {
    for (const { context, spec, value } of plan('redis')) {
      if (value !== null) expect(spec).not.toEqual(context);
    }
  });

  it('has all invalid values, and so many others as are asked for, of many fields', () => {
    const all = plan('web');
    const some = plan('web', { most: 20 });
    const applied = some.filter(({ expected, isDryRun }) => expected !== 'refused' && !isDryRun);
    expect(applied).toHaveLength(20);
    expect(new Set(applied.map(({ field }) => field)).size).toBeGreaterThan(10);
    const refused = (each: typeof all) => each.filter(({ expected }) => expected === 'refused');
    expect(refused(some)).toEqual(refused(all));
  });

  it('only asks for more members than a small cluster runs', () => {
    const hundred = plan('web').find(
      ({ field, value }) => field === 'spec.replicas' && value === 100,
    );
    expect(hundred?.isDryRun).toBe(true);
  });
});
