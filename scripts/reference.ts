import { chaosRefusals } from '../src/api/chaos-reasons.ts';
import { type Explanation, errors } from '../src/api/errors.ts';
import { memberProblems } from '../src/api/member-problems.ts';
import { conditionReasons, eventReasons } from '../src/api/reasons.ts';
import { serviceProblems } from '../src/api/service-problems.ts';

type Explanations = Record<string, Explanation>;

const intro = `# Reference: conditions, Events, errors

<!-- Made by \`npm run generate\` from src/api. Do not edit. -->

The meaning of each reason, Event and error code, and what to do. The message beside a reason names the member, the object or the field.
[The README](../README.md#use-it) says when a condition is True; [failover.md](failover.md) says what a failover waits for, and why.
[fields.md](fields.md) has every field of the spec, and [runbook.md](runbook.md) what to type, by symptom.`;

const degraded = `The reason is that of the most urgent fault; the message names every fault. Faults that the operator finds:`;

const reported = `Faults that members report. A reason that begins with \`HA_ERR_\` is [an error](#errors) of the agent in the pod; a program that
speaks the member protocol itself, and a status command of \`Exec\`, may report reasons of their own.`;

const warningIntro = `The condition is there as long as the warning holds, and says nothing of the members. Its Event comes once.`;

const chaosIntro = `Only services with \`spec.chaos\` have this condition: see [chaos.md](chaos.md).`;

const refusalsIntro = `\`reason\` in \`status.chaos.history\`, for the verdicts \`Refused\` and \`Aborted\`.`;

const events = `Each reason of \`Degraded\` above is also the reason of a Warning Event, and a \`FailoverBlocked\` has one, too: once, when the fault has lasted
for ten seconds, or for two if only a person can end it, or for a minute if it is \`MembersMissing\` alone or \`NotHeard\`. A member that an update, a restart,
a switchover or a scale-up takes away is no fault (\`PlannedChange\`) before a minute is over since its pod was made, or since more of its copy has come. What heals sooner is in the conditions alone.
A failover that succeeds is one Warning, \`FailoverStarted\`; its other Events are of type Normal.`;

const errorsIntro = `These codes are in logs, in messages and, if the agent of a member reports them, in the reason of \`Degraded\`.`;

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
  const { Ready, Progressing, Degraded, FailoverBlocked, Fenced, SpecWarning, ChaosReady } =
    conditionReasons;
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
    '## Condition SpecWarning',
    warningIntro,
    condition(SpecWarning),
    '## Condition ChaosReady',
    chaosIntro,
    condition(ChaosReady),
    '## Refusals of experiments',
    refusalsIntro,
    table('reason', chaosRefusals),
    '## Events',
    events,
    table('reason', eventReasons),
    '## Errors',
    errorsIntro,
    table('code', errors),
  ].join('\n\n');
}
