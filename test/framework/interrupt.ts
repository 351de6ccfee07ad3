import { constants } from 'node:os';

export interface Interrupt {
  /** Aborted by Ctrl-C, or when the terminal is closed. */
  signal: AbortSignal;
  /** Prints what went wrong, in one line, and sets the exit code: as a shell does, if a signal ended the process. */
  report(error: unknown): void;
}

/** The first signal lets the program tidy up; a second one ends it at once. */
export function interruptible(): Interrupt {
  const stop = new AbortController();
  let endedBy: keyof typeof constants.signals | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      endedBy = name;
      stop.abort(new Error(`ended by ${name}`));
    });
  }
  // A terminal that has been closed is written to while tidying up: that must not stop it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    signal: stop.signal,
    report: (error) => {
      if (endedBy === undefined) console.error(error instanceof Error ? error.message : error);
      process.exitCode = endedBy === undefined ? 1 : 128 + constants.signals[endedBy];
    },
  };
}
