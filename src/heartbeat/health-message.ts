import type { DetectorState } from './detector.ts';

/** The state of a member in one line for a person. `last`: the newest piece of evidence. */
export function describeHealth(
  state: DetectorState,
  last: string | undefined,
  refusedPort: number | undefined,
): string {
  const { verdict, cause, limitMs, bad, config } = state;
  const because = last === undefined ? '' : ` (${last})`;
  switch (verdict) {
    case 'Healthy':
      return 'answers';
    case 'Suspect':
      return `a heartbeat is missing${because}`;
    case 'Unhealthy':
      return `answers, but wrongly${because}`;
    case 'Dead':
      if (bad > 0) return `was dead, answers again, but wrongly${because}`;
      if (cause === 'Refused') return `nothing listens on port ${refusedPort} any more${because}`;
      return `silent for ${Math.round(limitMs)} ms${because}`;
    case 'Unknown':
      if (cause === undefined) return 'not heard yet';
      if (cause === 'Refused') return `nothing listens on port ${refusedPort} yet${because}`;
      return `never heard, for ${config.timeoutMs} ms and more${because}`;
  }
}
