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

it('begins and ends an animation with a picture, and draws none without a terminal', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) };
  const pictures = [['first'], ['last']];
  const end = new Screen(terminal).animate(() => pictures.shift() ?? []);
  end();
  const text = written.join('');
  expect(text.indexOf('last')).toBeGreaterThan(text.indexOf('first'));
  expect(text.endsWith('\u001b[?25h')).toBe(true);
  written.length = 0;
  new Screen({ ...terminal, isTTY: false }).animate(() => ['none'])();
  expect(written).toEqual([]);
});
