import { describe, expect, it } from 'vitest';
import { haServiceCrd } from './crd.ts';
import { durationMs } from './duration.ts';
import { highestEpoch } from './epoch.ts';
import { isHAError } from './errors.ts';
import { parseSpec } from './haservice.ts';
import { statusSchema } from './status.ts';

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every schema in the CRD, by its path. */
function schemas(schema: Json, path = ''): [string, Json][] {
  const children = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  const { items } = schema;
  return [
    [path, schema],
    ...children.flatMap(([name, child]) => schemas(child as Json, `${path}.${name}`)),
    ...(isObject(items) ? schemas(items, `${path}[]`) : []),
  ];
}

const crd = haServiceCrd() as {
  spec: { versions: { schema: { openAPIV3Schema: Json }; additionalPrinterColumns: Json[] }[] };
};
const [version] = crd.spec.versions;
const all = schemas(version?.schema.openAPIV3Schema ?? {});

describe('the CRD', () => {
  it('is structural: each schema has a type, or is an int-or-string, and nothing that is not allowed', () => {
    for (const [path, schema] of all) {
      const open = schema['x-kubernetes-int-or-string'] === true;
      expect(typeof schema['type'] === 'string' || open, path).toBe(true);
      for (const key of ['$ref', '$schema', 'anyOf', 'propertyNames', 'const']) {
        expect(schema, path).not.toHaveProperty(key);
      }
      // A map has values of one type, and no named fields beside them.
      const { additionalProperties: values, properties } = schema;
      if (values !== undefined) {
        expect(values, path).toHaveProperty('type');
        expect(properties, path).toBeUndefined();
      }
    }
  });

  it('explains every field of spec and status', () => {
    const mute = all.filter(
      ([path, { description }]) =>
        /^\.(spec|status)/.test(path) &&
        !path.endsWith('[]') &&
        (typeof description !== 'string' || description.length < 8),
    );
    expect(mute.map(([path]) => path)).toEqual([]);
  });

  it('says in each rule what to write instead', () => {
    const rules = all.flatMap(
      ([, schema]) => (schema['x-kubernetes-validations'] ?? []) as { message: string }[],
    );
    expect(rules.length).toBeGreaterThan(8);
    for (const { message } of rules) {
      expect(message).toMatch(/; (add|give|remove|set|raise|write)|: use |must be .*; write/);
    }
  });

  it('has the columns that people look at', () => {
    expect(version?.additionalPrinterColumns.map(({ name }) => name)).toEqual([
      'Topology',
      'Primary',
      'Ready',
      'Phase',
      'Reason',
      'Last-Failover',
      'Age',
      'Last-Chaos',
    ]);
  });

  it('shows no primary while the service is stopped: then status.primary is the one that led last', () => {
    const columns = version?.additionalPrinterColumns as { name: string; jsonPath: string }[];
    const { jsonPath } = columns.find(({ name }) => name === 'Primary') ?? {};
    expect(jsonPath).toBe('.status.members[?(@.role=="primary")].pod');
  });

  it('has no default below a list, which would be written back: then `kubectl apply` of the same file would never say unchanged', () => {
    const below = all.filter(([path, schema]) => path.includes('[]') && 'default' in schema);
    expect(below.map(([path]) => path)).toEqual([]);
    // So a rule may not count on them.
    const protocols = all.flatMap(
      ([, schema]) => (schema['x-kubernetes-validations'] ?? []) as { rule: string }[],
    );
    for (const { rule } of protocols.filter(({ rule }) => rule.includes('.protocol'))) {
      expect(rule).toContain('has(p.protocol)');
    }
  });

  it('writes defaults out to the last field, as rules are checked against them', () => {
    const spec = all.find(([path]) => path === '.spec.placement')?.[1];
    expect(spec?.['default']).toMatchObject({
      zones: { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
      nodes: 'Preferred',
    });
  });
});

it('the CRD takes no epoch above the highest, by whose hand it may come', () => {
  const epochs = all.filter(([path]) => /^\.status\..*epoch$|^\.status\.epoch$/i.test(path));
  expect(epochs.map(([path, { maximum }]) => [path, maximum])).toEqual(
    ['.epoch', '.ledEpoch', '.fencing.epoch', '.members[].epoch', '.failovers[].epoch'].map(
      (path) => [`.status${path}`, highestEpoch],
    ),
  );
});

it('the CRD takes the word of an older operator, which goes on while the CRD is newer, or after a rollback', () => {
  const words = all.filter(([, schema]) =>
    (schema['enum'] as string[] | undefined)?.includes('Sick'),
  );
  expect(words.map(([path]) => path)).toEqual([
    '.status.fencing.trigger',
    '.status.members[].health',
    '.status.failovers[].trigger',
  ]);
  for (const [path, schema] of words) {
    expect(schema['enum'], path).toEqual(expect.arrayContaining(['Unhealthy']));
    expect(schema['description'], path).toContain('An older operator writes Sick');
  }
  const status = { members: [{ pod: 'web-0', uid: '1', role: 'active', health: 'Sick' }] };
  expect(statusSchema.safeParse(status).success).toBe(false);
});

describe('parseSpec', () => {
  const quickstart = {
    ports: [{ port: 80 }],
    engine: { type: 'HTTP' },
    template: { spec: { containers: [{ name: 'nginx', image: 'nginx:stable' }] } },
  };

  it('fills the quickstart in', () => {
    expect(parseSpec(quickstart)).toMatchObject({
      topology: 'ActivePassive',
      replicas: 3,
      ports: [{ port: 80, protocol: 'TCP' }],
      heartbeat: { interval: '500ms', timeout: '2s', detector: 'Deadline' },
      failover: { automatic: true, delay: '0s', minInterval: '5s' },
      paused: false,
    });
  });

  it('keeps what it does not know of the template', () => {
    const template = { spec: { containers: [{ name: 'c', future: 1 }], future: 2 } };
    expect(parseSpec({ ...quickstart, template }).template).toEqual(template);
  });

  it('names each wrong field', () => {
    const wrong = () => parseSpec({ ...quickstart, replicas: -1, engine: { type: 'Carrier' } });
    expect(wrong).toThrow(/spec\.replicas: .*spec\.engine\.type: /);
    try {
      wrong();
    } catch (error) {
      expect(isHAError(error, 'HA_ERR_SPEC_INVALID')).toBe(true);
    }
  });
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '5', 's', '1d', '-1s', '1 s', '9999999h'])('%j is none', (text) => {
    const heartbeat = { interval: text };
    const spec = { ports: [{ port: 80 }], engine: { type: 'TCP' }, heartbeat };
    expect(() => parseSpec({ ...spec, template: { spec: { containers: [{}] } } })).toThrow(
      'spec.heartbeat.interval',
    );
  });
});
