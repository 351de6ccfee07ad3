import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../setup/child.mjs';
import type { Suite } from './options.ts';
import { recordVariable } from './reporter.ts';
import { count, type Entry, type Totals } from './totals.ts';

const reporter = fileURLToPath(new URL('reporter.ts', import.meta.url));
const vitest = 'node_modules/vitest/vitest.mjs';

/** Runs one project of vitest.config.ts and counts its tests, also when vitest does not end well. */
export async function runSuite(suite: Suite, limitMs: number, patterns: string[]): Promise<Totals> {
  const dir = mkdtempSync(join(tmpdir(), 'haservice-test-'));
  const file = join(dir, 'results');
  try {
    const args = ['run', '--project', suite, '--reporter', 'default', '--reporter', reporter];
    const ended = await run(process.execPath, [vitest, ...args, ...patterns], {
      env: { ...process.env, [recordVariable]: file },
      timeoutMs: limitMs,
    });
    return count(read(file), ended.code);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function read(file: string): Entry[] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // vitest has not come as far as its first result.
  }
  // The part after the last line break is empty, or was cut off.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}
