import fc from 'fast-check';
import type { Schema } from './fields.ts';

/** Texts that break many a program, whatever they mean: none is valid for a field with a pattern, unless the pattern says so. */
const rude = [
  '',
  ' ',
  '-',
  'ä',
  '../..',
  'a b',
  '{{x}}',
  '2 s',
  '-1s',
  '1d',
  '0x10',
  'A'.repeat(64),
];

export interface Texts {
  fit: string[];
  unfit: string[];
}

/** Texts that fit a schema, among them the shortest and the longest, and texts that do not. */
export function textsFor(schema: Schema, seed: number): Texts {
  const { minLength = 0, maxLength, pattern } = schema;
  const matches = pattern === undefined ? undefined : new RegExp(pattern);
  const fits = (text: string) =>
    text.length >= minLength &&
    text.length <= (maxLength ?? Infinity) &&
    (matches === undefined || matches.test(text));
  const most = maxLength ?? 64;
  const plain = ['a', 'a'.repeat(most), 'a'.repeat(most + 1)];
  // Without a pattern a rude text is as good as any other, and one is enough: the empty one.
  if (matches === undefined) {
    const all = ['', ...plain];
    return { fit: all.filter(fits), unfit: all.filter((text) => !fits(text)) };
  }
  const [drawn = ''] = fc.sample(fc.stringMatching(matches, { size: 'xsmall' }), {
    seed,
    numRuns: 1,
  });
  const candidates = [drawn, ...stretchedTo(drawn, most, fits)];
  const all = [...candidates, ...plain, ...rude];
  return { fit: candidates.filter(fits), unfit: [...new Set(all.filter((text) => !fits(text)))] };
}

/** The text made as long as is allowed, by repeating a character in the middle, if a text of that kind fits; and one that is longer by one. */
function stretchedTo(text: string, most: number, fits: (text: string) => boolean): string[] {
  const middle = Math.max(0, Math.floor(text.length / 2) - 1);
  const more = most - text.length;
  if (more <= 0 || text === '') return [];
  const by = (count: number) =>
    text.slice(0, middle + 1) + (text[middle] ?? '').repeat(count) + text.slice(middle + 1);
  return fits(by(more)) ? [by(more), by(more + 1)] : [];
}
