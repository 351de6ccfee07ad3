import * as z from 'zod';
import { cel } from './cel.ts';
import { type Change, example as exampleOf } from './field-notes.ts';

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Go's duration syntax (as metav1.Duration), without the units below a millisecond that no heartbeat needs, and with at
 * most six digits a unit, so that no duration is beyond what Go can hold.
 */
const durationPattern = '^([0-9]{1,6}(\\.[0-9]{1,6})?(ms|s|m|h)){1,4}$';

/** Milliseconds of a duration such as `500ms`, `2s` or `1m30s`. The schema has checked the syntax. */
export function durationMs(text: string): number {
  let total = 0;
  for (const match of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)) {
    total += Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
  }
  return total;
}

const isDuration = (value: string) =>
  `type(${value}) == string && ${value}.matches('${durationPattern.replaceAll('\\', '\\\\')}')`;

/** A CEL rule about durations, which is not checked if one of them is none: that alone is told then. */
export const ifDurations = (durations: string[], rule: string): string =>
  `![${durations.join(', ')}].all(each, ${isDuration('each')}) || ${rule}`;

/**
 * A duration as a field. The API server takes a number, too, as far as the type is concerned: a rule refuses it, and says what to
 * write. Its own messages about types and patterns do not.
 */
export function duration(description: string, example: string, change?: Change) {
  return z
    .string()
    .regex(new RegExp(durationPattern))
    .max(32)
    .meta({
      description: `${description} A duration such as 500ms, 2s or 1m30s.`,
      ...exampleOf(example, change),
      'x-kubernetes-int-or-string': true,
      ...cel({
        rule: isDuration('self'),
        message: 'this is no duration; write numbers with units, such as 500ms, 2s or 1m30s',
        messageExpression:
          "string(self).matches('^[0-9]{1,6}$') ? 'a duration has a unit; write ' + string(self) + 's' : 'this is no duration; write numbers with units, such as 500ms, 2s or 1m30s'",
      }),
    });
}
