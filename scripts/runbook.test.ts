import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chaosReady, chaosRefusals } from '../src/api/chaos-reasons.ts';
import type { Explanation } from '../src/api/errors.ts';
import { conditionReasons, eventReasons } from '../src/api/reasons.ts';

const page = readFileSync('docs/runbook.md', 'utf8');

const all = (reasons: Record<string, Explanation>): string[] => Object.keys(reasons);
/** Something is to be done about them. Every reason of a Warning is one of these, or one of a condition. */
const toDo = (reasons: Record<string, Explanation>): string[] =>
  all(reasons).filter((reason) => reasons[reason]?.whatToDo !== 'nothing');

it.each([
  ...Object.entries(conditionReasons).map(
    ([type, { True }]) => [`the condition ${type}`, all(True)] as const,
  ),
  ['Ready, while it is False', all(conditionReasons.Ready.False)],
  ['Progressing, while it is False', toDo(conditionReasons.Progressing.False)],
  ['ChaosReady, while it is False', all(chaosReady.False)],
  ['refused experiments', toDo(chaosRefusals)],
  // A deletion of a pod is a Warning if the pod had ended, or was frozen.
  ['Events', [...toDo(eventReasons), 'PodDeleted']],
] as const)('docs/runbook.md says what to do about each reason of %s', (_what, reasons) => {
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
