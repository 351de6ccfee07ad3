export type Align = 'left' | 'right';

export interface Column {
  title: string;
  align: Align;
}

/** Milliseconds, counts: 1,070. */
export const grouped = (value: number) => Math.round(value).toLocaleString('en-US');

/** A table for a terminal: two spaces between columns, a rule under the titles, no blanks at the ends of lines. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, i) => {
        const cell = cells[i] ?? '';
        const width = widths[i] ?? 0;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...rows.map(line),
  ].join('\n');
}
