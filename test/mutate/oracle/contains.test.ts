import { describe, expect, it } from 'vitest';
import { missing, quantity } from './contains.ts';

describe('what is missing', () => {
  it.each([
    ['equal parts', { a: { b: 1 } }, { a: { b: 1 }, c: 2 }],
    [
      'entries of a list by their names',
      [{ name: 'x', v: 1 }],
      [{ name: 'y' }, { name: 'x', v: 1 }],
    ],
    ['equal quantities', { cpu: '500m', memory: '1Gi' }, { cpu: 0.5, memory: '1024Mi' }],
    ['what is empty', { labels: {}, image: '', args: [] }, {}],
  ])('is nothing: %s', (_, wanted, found) => {
    expect(missing(wanted, found)).toEqual([]);
  });

  it('is named with its path, with what is wanted, and with what is there', () => {
    const wanted = { spec: { containers: [{ name: 'web', image: 'a' }] } };
    const found = { spec: { containers: [{ name: 'web', image: 'b' }] } };
    expect(missing(wanted, found)).toEqual(['spec.containers[0].image should be "a", and is "b"']);
    expect(missing(wanted, { spec: { containers: [] } })).toEqual([
      'spec.containers[0] should be {"name":"web","image":"a"}, and is not there',
    ]);
  });

  it('knows quantities of Kubernetes', () => {
    expect(['1', '250m', '2Ki', '1.5G', 'many'].map(quantity)).toEqual([
      ...[1, 0.25, 2048, 1.5e9, undefined],
    ]);
  });
});
