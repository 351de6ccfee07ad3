import { haServiceCrd } from '../../../src/api/crd.ts';
import type { CelRule } from '../../../src/api/cel.ts';
import { keysOf } from '../generate/path.ts';
import type { Mutation } from '../generate/plan.ts';

/** The fixed beginning of the messages that a rule makes up. */
const madeUp = ['a duration has a unit; write'];

const ruleMessages = [...messagesIn(haServiceCrd()), ...madeUp];

function messagesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'x-kubernetes-validations'
      ? (inner as CelRule[]).map(({ message }) => message)
      : messagesIn(inner),
  );
}

/** What is wrong with a refusal: of a value that is valid, or in words that do not lead to the field. */
export function wrongRefusal(
  { field, expected }: Pick<Mutation, 'field' | 'expected'>,
  status: number,
  message: string,
): string[] {
  if (status >= 500) return [`the API server failed: ${message}`];
  const isRule = ruleMessages.some((each) => message.includes(each));
  if (isRule) return [];
  if (expected !== 'refused') return [`a valid value was refused: ${message}`];
  const name = keysOf(field).findLast((key) => typeof key === 'string') ?? 'spec';
  return message.includes(name) ? [] : [`the refusal does not name the field: ${message}`];
}
