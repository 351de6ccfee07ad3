import { InvalidArgumentError } from 'commander';
import { type Component, components, isComponent } from './control-plane.ts';
import type { PodRef } from './pods.ts';

/** Parsers of command-line arguments. Each throws commander's error, which says what to give instead. */

export function nodeCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 9) return number;
  throw new InvalidArgumentError('give a whole number from 1 to 9');
}

export function amount(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0) return number;
  throw new InvalidArgumentError('give a number that is not negative');
}

export function component(text: string): Component {
  if (isComponent(text)) return text;
  throw new InvalidArgumentError(`give one of ${components.join(', ')}`);
}

/** @param text NAME or NAMESPACE/NAME. */
export function podRef(text: string, namespace: string): PodRef {
  const [first = '', ...rest] = text.split('/');
  return rest.length === 0
    ? { namespace, name: first }
    : { namespace: first, name: rest.join('/') };
}
