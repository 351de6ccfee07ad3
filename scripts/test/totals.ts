export interface Totals {
  passed: number;
  /** One text for each failure: what failed, and why where that is known. */
  failures: readonly string[];
  skipped: number;
}

/** What a run of vitest has written down so far. */
export type Entry =
  | { type: 'collected'; id: string; name: string }
  | {
      type: 'result';
      id: string;
      state: 'passed' | 'failed' | 'skipped';
      /** The first line of the first error. */
      error?: string;
    }
  /** A file that does not load, a hook that fails, an error outside of any test. */
  | { type: 'broken'; what: string }
  | { type: 'end' };

export const none: Totals = { passed: 0, failures: [], skipped: 0 };

export function add(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failures: [...a.failures, ...b.failures],
    skipped: a.skipped + b.skipped,
  };
}

/** The line that CI reads. */
export function closingLine({ passed, failures, skipped }: Totals): string {
  return `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** All failures, a line each: whoever sees only the end of a long output learns what to look for. */
export function failureLines({ failures }: Totals): string[] {
  return failures.map((failure) => `failed: ${failure}`);
}

/**
 * Counts a run of vitest. A test that was found but has no result has failed, and so has whatever is broken; a run that
 * ended early, found no test, or failed for a reason it did not tell counts as one failure more.
 */
export function count(entries: Entry[], exitCode: number): Totals {
  const names = new Map<string, string>();
  const results = new Map<string, Entry & { type: 'result' }>();
  const broken: string[] = [];
  for (const entry of entries) {
    if (entry.type === 'collected') names.set(entry.id, entry.name);
    if (entry.type === 'result') results.set(entry.id, entry);
    if (entry.type === 'broken') broken.push(entry.what);
  }
  const nameOf = (id: string) => names.get(id) ?? id;
  const of = (state: 'passed' | 'failed' | 'skipped') =>
    [...results.values()].filter((result) => result.state === state);
  const failures = [
    ...of('failed').map(
      ({ id, error }) => `${nameOf(id)}${error === undefined ? '' : `: ${error}`}`,
    ),
    ...[...names.keys()].filter((id) => !results.has(id)).map((id) => `${nameOf(id)}: no result`),
    ...broken,
    ...(entries.some(({ type }) => type === 'end') ? [] : ['vitest ended before its time']),
  ];
  if (failures.length === 0 && results.size + names.size === 0) failures.push('no test was found');
  if (failures.length === 0 && exitCode !== 0) {
    failures.push(`vitest ended with exit code ${exitCode}, and no test that failed`);
  }
  return { passed: of('passed').length, failures, skipped: of('skipped').length };
}
