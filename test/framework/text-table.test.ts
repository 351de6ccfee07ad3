import { expect, it } from 'vitest';
import { grouped, textTable } from './text-table.ts';

it('aligns columns and leaves no blanks at the ends of lines', () => {
  const table = textTable(
    [
      { title: 'fault', align: 'left' },
      { title: 'failed', align: 'right' },
      { title: 'note', align: 'left' },
    ],
    [
      ['crash', grouped(12), ''],
      ['node-lost', grouped(1_070), 'slow'],
    ],
  );
  expect(table.split('\n')).toEqual([
    'fault      failed  note',
    '---------  ------  ----',
    'crash          12',
    'node-lost   1,070  slow',
  ]);
});
