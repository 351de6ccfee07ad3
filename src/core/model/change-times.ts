/** What spec.plannedChanges says of the time of the decision: the library for time zones computes that outside of the core. */
export interface ChangeTimes {
  /** The blackout in which that time lies. `untilMs`: epoch milliseconds. */
  blackout?: { text: string; untilMs: number };
  /** They leave no time of day. */
  isEndless?: true;
  /** What the user must correct: a blackout that is wrong holds nothing back. */
  problem?: { message: string };
}

/** What holds planned changes back, in a clause for a person; undefined: nothing. */
export function heldBack({ changeTimes }: { changeTimes?: ChangeTimes }): string | undefined {
  const { text, untilMs } = changeTimes?.blackout ?? {};
  return untilMs === undefined
    ? undefined
    : `${text} (spec.plannedChanges) holds planned changes back until ${new Date(untilMs).toISOString()}`;
}
