import type { Cell } from './strip.ts';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof codes;

/** A piece of a line in one style. Widths are counted before the style is put on. */
export interface Piece {
  text: string;
  style?: Style | undefined;
}

export type Line = readonly Piece[];

/** Cut at, or filled up to, `width`. */
export function fit(line: Line, width: number): Line {
  const pieces: Piece[] = [];
  let left = width;
  for (const { text, style } of line) {
    const part = [...text].slice(0, left).join('');
    left -= [...part].length;
    if (part !== '') pieces.push({ text: part, style });
  }
  return left > 0 ? [...pieces, { text: ' '.repeat(left) }] : pieces;
}

/** Without colour if `color` is false: every picture must be readable without colour, too. */
export const paint = (line: Line, color: boolean): string =>
  line
    .map(({ text, style }) =>
      color && style !== undefined ? `\u001b[${codes[style]}m${text}\u001b[0m` : text,
    )
    .join('')
    .trimEnd();

const cellPieces: Record<Cell, Piece> = {
  none: { text: ' ' },
  ok: { text: '▁', style: 'green' },
  some: { text: '▄', style: 'yellow' },
  failed: { text: '█', style: 'red' },
};

export const paintStrip = (cells: readonly Cell[]): Line => cells.map((cell) => cellPieces[cell]);

/** What the marks of a strip mean. */
export const legend: Line = [
  cellPieces.ok,
  { text: ' answered  ' },
  cellPieces.some,
  { text: ' some failed  ' },
  cellPieces.failed,
  { text: ' all failed' },
];
