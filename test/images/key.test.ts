import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentKey, readSources, writeSources } from './key.ts';

test('the key depends on names and contents, not on their order', () => {
  const key = contentKey({ a: '1', b: '2' });
  expect(contentKey({ b: '2', a: '1' })).toBe(key);
  expect(contentKey({ a: '1', b: '3' })).not.toBe(key);
  expect(contentKey({ a: '1', c: '2' })).not.toBe(key);
});

test('a byte that moves from one file to the next changes the key', () => {
  expect(contentKey({ a: 'xb', b: '' })).not.toBe(contentKey({ a: 'x', b: 'b' }));
});

test('reads matching files, without tests', () => {
  const root = mkdtempSync(join(tmpdir(), 'key-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const dir of ['src/a', 'src/a/testing', 'other']) {
    mkdirSync(join(root, dir), { recursive: true });
    writeFileSync(join(root, dir, 'x.ts'), dir);
    writeFileSync(join(root, dir, 'x.test.ts'), dir);
  }
  writeFileSync(join(root, 'Dockerfile'), 'FROM scratch');
  const sources = readSources(root, ['Dockerfile', 'src/**/*.ts']);
  expect(Object.keys(sources).sort()).toEqual(['Dockerfile', 'src/a/x.ts']);
  expect(Buffer.from(sources['src/a/x.ts']!).toString()).toBe('src/a');
  writeSources(join(root, 'copy'), sources);
  expect(readSources(join(root, 'copy'), ['Dockerfile', 'src/**/*.ts'])).toEqual(sources);
});
