/**
 * Measures one system after the other. If one does not start, or recover, the others are measured all the same.
 *
 * @returns the first failure
 */
export async function eachSystem(
  {
    systems,
    log,
    signal,
  }: {
    systems: readonly string[];
    log: (line: string) => void;
    signal: AbortSignal;
  },
  measure: (name: string) => Promise<void>,
): Promise<Error | undefined> {
  let error: Error | undefined;
  for (const name of systems) {
    try {
      await measure(name);
    } catch (caught) {
      error ??= caught as Error;
      if (signal.aborted) break;
      log(`${name} was skipped: ${(caught as Error).message}`);
    }
  }
  return error;
}
