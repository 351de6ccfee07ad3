import { expect, test } from 'vitest';
import { find } from './commands.mjs';

test.each([
  ['demo', 'new cluster'],
  ['demo --json out', 'new cluster'],
  ['demo --context mine', 'nothing'],
  ['demo --context=mine', 'nothing'],
  ['demo --help', 'nothing'],
  ['bench failover --runs 3', 'new cluster'],
  ['cluster', 'nothing'],
  ['cluster up --nodes 6', 'new cluster'],
  ['cluster down', 'root'],
  ['test', 'new cluster'],
  ['test --only e2e', 'new cluster'],
  ['test --only unit', 'servers'],
  ['unit src/core', 'servers'],
  ['test --only=check', 'nothing'],
  ['generate --check', 'nothing'],
])('%s needs %s', (line, needs) => {
  const [name = '', ...args] = line.split(' ');
  expect(find(name, args).needs).toBe(needs);
});

test.each([
  ['tset', "unknown command 'tset': use one of demo, test"],
  ['toString', "unknown command 'toString'"],
  ['', 'no command given'],
])('a typo is told with what there is: %s', (name, message) => {
  expect(() => find(name, [])).toThrow(message);
});
