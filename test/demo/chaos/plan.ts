/** How often a member is to be hit. Milliseconds. */
const everyMs = 15_000;
const minuteMs = 60_000;
const times = 10;
/** After this one comes another request at once, before the service has recovered. */
const repeated = 1;
/** Shortly before this one the pod template is changed. */
const updated = 5;
const beforeMs = 2_000;

/** Schedule: the operator begins an experiment by itself. The others are requests. */
export type StepKind = 'Request' | 'Schedule' | 'RequestAgain' | 'TemplateChange';

export interface Step {
  /** Milliseconds since the Unix epoch. */
  atMs: number;
  kind: StepKind;
}

/**
 * When members are to be hit: each 15 s, on full minutes by the schedule `* * * * *`, in between by a request, as a schedule has no
 * seconds. Two of the times are chosen so that a kill would be a danger.
 *
 * @param fromMs the first is not before this.
 */
export function planOf(fromMs: number): Step[] {
  const first = Math.ceil((fromMs + beforeMs) / everyMs) * everyMs;
  return Array.from({ length: times }, (_, i): Step[] => {
    const atMs = first + i * everyMs;
    return [
      ...(i === updated ? [{ atMs: atMs - beforeMs, kind: 'TemplateChange' as const }] : []),
      { atMs, kind: atMs % minuteMs === 0 ? 'Schedule' : 'Request' },
      ...(i === repeated ? [{ atMs: atMs + beforeMs, kind: 'RequestAgain' as const }] : []),
    ];
  }).flat();
}

/** The step in a few words. */
export const stepTitles: Record<StepKind, string> = {
  Request: 'request',
  Schedule: 'time of the schedule',
  RequestAgain: 'request before the service has recovered',
  TemplateChange: 'change of the pod template',
};
