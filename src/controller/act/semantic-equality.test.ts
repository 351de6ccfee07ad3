import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences, needsUpdate } from './semantic-equality.ts';

describe('needsUpdate', () => {
  it('ignores what others have added, and finds what they have changed or removed', () => {
    const desired = { spec: { ports: [{ port: 80 }], type: 'ClusterIP' } };
    const more = {
      spec: { ports: [{ port: 80, nodePort: 0 }], type: 'ClusterIP', clusterIP: 'x' },
    };
    expect(needsUpdate(desired, more)).toBe(false);
    expect(needsUpdate(desired, { spec: { ports: [{ port: 81 }], type: 'ClusterIP' } })).toBe(true);
    expect(needsUpdate(desired, { spec: { ports: [{ port: 80 }] } })).toBe(true);
    expect(
      needsUpdate(desired, { spec: { ports: [{ port: 80 }, { port: 81 }], type: 'ClusterIP' } }),
    ).toBe(true);
    expect(needsUpdate(desired, {})).toBe(true);
  });

  it.each([[null], [undefined], [[]]])('treats an empty list like %s', (actual) => {
    expect(needsUpdate({ endpoints: [] }, { endpoints: actual })).toBe(false);
    expect(needsUpdate({ endpoints: [{ addresses: ['a'] }] }, { endpoints: actual })).toBe(true);
  });

  it('names the fields that differ; one that is null must be absent', () => {
    const desired = { spec: { type: 'ClusterIP', selector: null, ports: [{ port: 80 }] } };
    const actual = { spec: { type: 'NodePort', selector: { a: 'b' }, ports: [], extra: 1 } };
    expect([...differences(desired, actual)].map((path) => path.join('.'))).toEqual([
      'spec.type',
      'spec.selector',
      'spec.ports',
    ]);
    expect(needsUpdate({ a: null }, {})).toBe(false);
    expect(needsUpdate({ a: null }, { a: [] })).toBe(false);
    expect(needsUpdate([{ name: null, port: 80 }], [{ name: 'web', port: 80 }])).toBe(true);
    expect(needsUpdate([{ name: null, port: 80 }], [{ port: 80 }])).toBe(false);
  });

  it('finds no difference after a round trip through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(needsUpdate(value, JSON.parse(JSON.stringify(value)))).toBe(false);
      }),
    );
  });
});
