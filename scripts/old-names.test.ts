import { describe, expect, it } from 'vitest';
import { oldNames } from './old-names.ts';

describe('old names', () => {
  it.each([
    ['a file', 'src/agent/order-desk.ts', ''],
    ['a test file', 'test/torture/arena.cluster.test.ts', ''],
    ['a folder', 'test/bench/peers/rows.ts', ''],
    ['a class', 'src/agent/x.ts', 'export class OrderDesk {}'],
    ['a function', 'src/member-client/x.ts', 'export async function openLine() {}'],
    ['a generator', 'src/core/x.ts', 'export function* takeover() {}'],
    ['a constant', 'src/engines/redis/x.ts', 'const a = 1;\nexport const lineageOf = a;'],
    ['an interface', 'test/torture/x.ts', 'export interface VictimPod {}'],
    ['a whole name', 'src/engines/x.ts', 'export class Child {}'],
  ])('are found as %s', (_what, path, text) => {
    expect(oldNames(path, text)).not.toEqual([]);
  });

  it('name the file, the name and the word', () => {
    expect(oldNames('src/agent/x.ts', 'export class EpochKeep {}')).toEqual([
      'src/agent/x.ts: EpochKeep uses the old word keep: see scripts/old-names.ts',
    ]);
  });

  it.each([
    ['a part of a word', 'src/agent/x.ts', 'export const keeper = 1;'],
    ['a name that is not exported', 'src/agent/x.ts', 'const desk = 1;'],
    ['another folder', 'src/kube/json-lines.ts', 'export function jsonLine() {}'],
    ['a name of which only the whole is old', 'src/engines/x.ts', 'export const trackChild = 1;'],
  ])('are not %s', (_what, path, text) => {
    expect(oldNames(path, text)).toEqual([]);
  });
});
