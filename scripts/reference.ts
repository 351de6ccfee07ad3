import { type Explanation, errors } from '../src/api/errors.ts';
import { memberProblems } from '../src/api/member-problems.ts';
import { conditionReasons, eventReasons } from '../src/api/reasons.ts';
import { serviceProblems } from '../src/api/service-problems.ts';

type Explanations = Record<string, Explanation>;

const intro = `# Reference: conditions, Events, errors

<!-- Made by \`npm run generate\` from src/api. Do not edit. -->

What each word for programs means, and what to do. The message beside it names the member, the object or the field. When a
condition is True, [the README](../README.md#use-it) says; what a failover waits for, and why, [failover.md](failover.md).`;

const degraded = `One reason is given, that of the most urgent fault; the message names every fault. What the operator finds:`;

const reported = `What members report. A reason that begins with \`HA_ERR_\` is [an error](#errors) of the agent in the pod; a program that
speaks the member protocol itself, and a status command of \`Exec\`, may report words of their own.`;

const events = `Each reason of \`Degraded\` above is an Event as well, when the condition becomes True or its message changes.`;

const errorsIntro = `In logs, in messages and, from the agent of a member, as a reason of \`Degraded\`.`;

const rows = (explanations: Explanations, first = ''): string[] =>
  Object.entries(explanations).map(
    ([word, { meaning, whatToDo }]) => `|${first}\`${word}\`|${meaning}|${whatToDo}|`,
  );

const table = (word: string, explanations: Explanations): string =>
  [`|${word}|it means|what to do|`, '|-|-|-|', ...rows(explanations)].join('\n');

const condition = ({ True, False }: Record<'True' | 'False', Explanations>): string =>
  [
    '|status|reason|it means|what to do|',
    '|-|-|-|-|',
    ...rows(True, 'True|'),
    ...rows(False, 'False|'),
  ].join('\n');

/** docs/reference.md, before it is formatted. */
export function referencePage(): string {
  const { Ready, Progressing, Degraded, FailoverBlocked, Fenced } = conditionReasons;
  return [
    intro,
    '## Condition Ready',
    condition(Ready),
    '## Condition Progressing',
    condition(Progressing),
    '## Condition Degraded',
    degraded,
    condition({ True: serviceProblems, False: Degraded.False }),
    reported,
    table('reason', memberProblems),
    '## Condition FailoverBlocked',
    condition(FailoverBlocked),
    '## Condition Fenced',
    condition(Fenced),
    '## Events',
    events,
    table('reason', eventReasons),
    '## Errors',
    errorsIntro,
    table('code', errors),
  ].join('\n\n');
}
