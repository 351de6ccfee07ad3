import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { prune, use } from './archives.ts';

function archives(names: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'archives-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  names.forEach((name, i) => {
    writeFileSync(join(dir, name), '');
    utimesSync(join(dir, name), i + 1, i + 1);
  });
  return dir;
}

test('keeps the three that were used last, and those of other images', () => {
  const dir = archives(['a-1.tar', 'a-b-1.tar', 'a-2.tar', 'a-3.tar', 'a-4.tar']);
  prune(dir, 'a');
  expect(readdirSync(dir)).toEqual(['a-2.tar', 'a-3.tar', 'a-4.tar', 'a-b-1.tar']);
});

test('use counts', () => {
  const dir = archives(['a-1.tar', 'a-2.tar', 'a-3.tar', 'a-4.tar']);
  expect(use(join(dir, 'a-1.tar'))).toBe(true);
  expect(use(join(dir, 'a-9.tar'))).toBe(false);
  prune(dir, 'a');
  expect(readdirSync(dir)).toEqual(['a-1.tar', 'a-3.tar', 'a-4.tar']);
});
