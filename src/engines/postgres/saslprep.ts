/** First and last code points. */
type Ranges = readonly (readonly [number, number])[];

/** Tables C.1.2 and B.1 of RFC 3454. */
const otherSpaces = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;
const ignored: Ranges = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x1806, 0x1806],
  [0x180b, 0x180d],
  [0x200c, 0x200d],
  [0x2060, 0x2060],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
];

/**
 * Characters for which no check of SASLprep fails: all are assigned in Unicode 3.2, on which it is based, and written from left to
 * right. Latin with accents and combining ones, spaces, punctuation, letters and numbers in other forms, Kana, Han, Hangul.
 */
const checked: Ranges = [
  [0x20, 0x7e],
  [0xa0, 0x21f],
  [0x300, 0x33f],
  [0x1e00, 0x1e9b],
  [0x1ea0, 0x1ef9],
  [0x2000, 0x200b],
  [0x2010, 0x2027],
  [0x202f, 0x202f],
  [0x2030, 0x2052],
  [0x2070, 0x2071],
  [0x2074, 0x208e],
  [0x2100, 0x213a],
  [0x2153, 0x2183],
  [0x2460, 0x24fe],
  [0x3000, 0x3002],
  [0x3041, 0x3096],
  [0x3099, 0x30ff],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0xfb00, 0xfb06],
  [0xff01, 0xff9f],
];

const isIn = (ranges: Ranges) => (char: string) => {
  const code = char.codePointAt(0) ?? 0;
  return ranges.some(([first, last]) => code >= first && code <= last);
};
const isIgnored = isIn(ignored);

/**
 * The password as SCRAM uses it (SASLprep, RFC 4013), so that it is the same however it was typed. As in `pg`, without the checks; if
 * one of these fails, Postgres and libpq use the password as it is: see passwordFault.
 */
export const prepared = (password: string): string =>
  [...password.replace(otherSpaces, ' ')]
    .filter((char) => !isIgnored(char))
    .join('')
    .normalize('NFKC');

/** Why the members or clients cannot use a password; undefined if they can. */
export function passwordFault(password: string): string | undefined {
  if (password.includes('\0')) return 'it contains a NUL byte';
  // A line of a passfile of libpq holds a password, and its end is ignored.
  if (/[\r\n]/.test(password)) {
    return 'it has several lines, or ends in more than one line break or in a carriage return';
  }
  const isClear = prepared(password) === password || [...password].every(isIn(checked));
  if (isClear) return undefined;
  return 'programs read some of its characters in different ways: use others (ASCII, or text in the Unicode form NFKC)';
}
