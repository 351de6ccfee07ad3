import { Violation } from './checker.ts';
import { Transitions } from './exhaustive.ts';
import type { SearchOptions } from './exhaustive-laws.ts';
import type { State } from './exhaustive-state.ts';

export interface Found {
  states: number;
  steps: number;
  /** States in which nothing but faults was left to happen. */
  quiet: number;
  /** Whether every state within the bounds was visited. */
  isComplete: boolean;
  /** States deep. */
  depth: number;
  seconds: number;
  violation?: { what: string; path: string[] };
}

interface Visit {
  state: State;
  from: number;
  label: string;
  depth: number;
}

/** Breadth first: what is found is found on a shortest way. */
export function search(options: SearchOptions): Found {
  const startedAt = performance.now();
  const transitions = new Transitions(options);
  const start = transitions.start(options.faults);
  const visits: Visit[] = [{ state: start, from: -1, label: 'all is well', depth: 0 }];
  const known = new Set([JSON.stringify(start)]);
  let steps = 0;
  let quiet = 0;
  const result = (at: number, more: Partial<Found> = {}): Found => ({
    states: known.size,
    steps,
    quiet,
    isComplete: at >= visits.length,
    depth: visits[at - 1]?.depth ?? 0,
    seconds: (performance.now() - startedAt) / 1_000,
    ...more,
  });
  for (let at = 0; at < visits.length; at++) {
    const visit = visits[at];
    if (visit === undefined || known.size > options.states) return result(at);
    try {
      const next = transitions.next(visit.state);
      if (next.isQuiet) quiet++;
      for (const [label, state] of next.steps) {
        steps++;
        const key = JSON.stringify(state);
        if (known.has(key)) continue;
        known.add(key);
        visits.push({ state, from: at, label, depth: visit.depth + 1 });
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return result(at, { violation: { what: error.message, path: pathTo(visits, at) } });
    }
  }
  return result(visits.length);
}

function pathTo(visits: Visit[], at: number): string[] {
  const path: string[] = [];
  for (let visit = visits[at]; visit !== undefined; visit = visits[visit.from])
    path.unshift(visit.label);
  return path;
}

export const describeFound = (found: Found): string =>
  `${found.states} states and ${found.steps} steps in ${found.seconds.toFixed(1)} s, up to ${found.depth} steps deep, ${found.isComplete ? 'all that there are' : 'then it was ended'}; ${found.quiet} quiet; ${found.violation === undefined ? 'nothing was broken' : `${found.violation.what}:\n  ${found.violation.path.join('\n  ')}`}`;
