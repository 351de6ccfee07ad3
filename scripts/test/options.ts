import { parseArgs } from 'node:util';

/** The projects of vitest.config.ts, in the order in which they run: the quick ones first. */
export const suites = ['unit', 'integration', 'e2e', 'cluster'] as const;
export type Suite = (typeof suites)[number];
export const parts = ['check', ...suites] as const;
export type Part = (typeof parts)[number];

export interface TestOptions {
  parts: readonly Part[];
  /** Parts of file names; empty for every file. */
  patterns: string[];
  /** Leave the cluster running. */
  keep: boolean;
}

export const usage = `npm test -- [--only ${parts.join('|')}] [--keep] [FILE...]

  --only PART  run one part; FILE is then a part of the names of the test files to run
  --keep       leave the local cluster running at the end, so that the next run starts at once`;

/**
 * @returns undefined if help is asked for
 * @throws Error with one line for the user
 */
export function parse(args: string[]): TestOptions | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const only = parts.find((part) => part === values.only);
  if (values.only !== undefined && only === undefined) {
    throw new Error(`there is no part '${values.only}': use one of ${parts.join(', ')}`);
  }
  if (positionals.length > 0 && (only === undefined || only === 'check')) {
    throw new Error(`to run single files say which part they are of: --only ${suites.join('|')}`);
  }
  return {
    parts: only === undefined ? parts : [only],
    patterns: positionals,
    keep: values.keep,
  };
}
