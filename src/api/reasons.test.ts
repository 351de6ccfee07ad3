import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errors } from './errors.ts';
import { memberProblems } from './member-problems.ts';
import { conditionReasons, eventReasons } from './reasons.ts';

const source = globSync('src/**/*.ts')
  .filter((path) => !path.startsWith('src/api/') && !path.endsWith('.test.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

const words = {
  error: Object.keys(errors),
  condition: Object.values(conditionReasons).flatMap(({ True, False }) => [
    ...Object.keys(True),
    ...Object.keys(False),
  ]),
  member: Object.keys(memberProblems),
  Event: Object.keys(eventReasons),
};

// The compiler finds a word that the tables do not have; only this finds a word that nothing says any more.
it.each(Object.entries(words))('lists no %s word that the code does not use', (_kind, listed) => {
  expect(listed.filter((word) => !source.includes(`'${word}'`))).toEqual([]);
});
