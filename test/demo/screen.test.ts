import { expect, it } from 'vitest';
import { Screen } from './screen.ts';

it('draws over its last picture and gives the cursor back', () => {
  const written: string[] = [];
  const screen = new Screen({
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text),
  });
  screen.draw(['a', 'b']);
  screen.draw(['c']);
  screen.end();
  screen.end();
  expect(written).toEqual([
    '\u001b[?25l\ra\u001b[K\n\rb\u001b[K\n\u001b[J',
    '\u001b[2A\rc\u001b[K\n\u001b[J',
    '\u001b[?25h',
  ]);
  expect(screen.rows).toBe(23);
});
