export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** What a run of vitest has written down so far. */
export type Entry =
  | { type: 'collected'; id: string }
  | { type: 'result'; id: string; state: 'passed' | 'failed' | 'skipped' }
  /** A file that does not load, a hook that fails, an error outside of any test. */
  | { type: 'broken'; what: string }
  | { type: 'end' };

export const none: Totals = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The line that CI reads. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts a run of vitest. A test that was found but has no result has failed, and so has whatever is broken; a run that
 * ended early, found no test, or failed for a reason it did not tell counts as one failure more.
 */
export function count(entries: Entry[], exitCode: number): Totals {
  const states = new Map<string, 'passed' | 'failed' | 'skipped' | undefined>();
  for (const entry of entries) {
    if (entry.type === 'collected' && !states.has(entry.id)) states.set(entry.id, undefined);
    if (entry.type === 'result') states.set(entry.id, entry.state);
  }
  const of = (state: 'passed' | 'failed' | 'skipped' | undefined) =>
    [...states.values()].filter((s) => s === state).length;
  const broken = entries.filter(({ type }) => type === 'broken').length;
  const cutShort = entries.some(({ type }) => type === 'end') ? 0 : 1;
  const failed = of('failed') + of(undefined) + broken + cutShort;
  const untold = failed === 0 && (exitCode !== 0 || states.size === 0) ? 1 : 0;
  return { passed: of('passed'), failed: failed + untold, skipped: of('skipped') };
}
