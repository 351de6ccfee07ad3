import { availableParallelism } from 'node:os';
import { run } from './setup/child.mjs';

export interface Check {
  name: string;
  /** A file under node_modules or of the project, which Node runs. */
  program: string;
  args: string[];
}

export interface Checked {
  name: string;
  ok: boolean;
  /** What it printed. */
  output: string;
  seconds: number;
}

/** The slow ones first, so that the others run beside them. */
export const checks: Check[] = [
  {
    name: 'lint',
    program: 'node_modules/eslint/bin/eslint.js',
    args: ['.', '--max-warnings', '0'],
  },
  { name: 'types', program: 'node_modules/typescript/bin/tsc', args: [] },
  { name: 'format', program: 'node_modules/prettier/bin/prettier.cjs', args: ['--check', '.'] },
  { name: 'dead code', program: 'node_modules/knip/bin/knip.js', args: [] },
  {
    name: 'folder rules',
    program: 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.mjs', 'src', 'test', 'scripts'],
  },
  { name: 'files', program: 'scripts/check-files.ts', args: [] },
  { name: 'generated files', program: 'scripts/generate.ts', args: ['--check'] },
];

const limitMs = 300_000;

/**
 * Runs all of them, a few at once, and says each result as it comes.
 * @returns the results; fewer than `checks` if the user stopped it
 */
export async function runChecks(onResult: (checked: Checked) => void): Promise<Checked[]> {
  const results: Checked[] = [];
  const waiting = [...checks];
  let stopped = false;
  const worker = async () => {
    for (let check = waiting.shift(); check && !stopped; check = waiting.shift()) {
      const startedMs = Date.now();
      const ended = await run(process.execPath, [check.program, ...check.args], {
        quiet: true,
        timeoutMs: limitMs,
      });
      if (ended.stop) {
        stopped = true;
        return;
      }
      const checked = {
        name: check.name,
        ok: ended.code === 0,
        output: ended.output.trimEnd(),
        seconds: (Date.now() - startedMs) / 1000,
      };
      results.push(checked);
      onResult(checked);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  return results;
}

/** One line, and what it printed if it failed. */
export function describe({ name, ok, output, seconds }: Checked): string {
  const line = `${ok ? 'ok' : 'failed'}  ${name} (${seconds.toFixed(1)} s)`;
  return ok ? line : `${line}\n${output.replace(/^/gm, '    ')}`;
}
