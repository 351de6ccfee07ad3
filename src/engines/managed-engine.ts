import type { MemberReason } from '../api/member-problems.ts';
import {
  type MemberReport,
  type Order,
  longestMessage,
  mostFurtherProblems,
} from '../protocol/member-protocol.ts';

/** What an engine reports about its program; the agent adds epochs, nonce, UID and password. */
export type EngineReport = Omit<MemberReport, 'uid' | 'epoch' | 'ledEpoch' | 'nonce' | 'password'>;

/** What Redis or Postgres reports as wrong. A status command of Exec reports a reason of its own. */
export interface EngineProblem {
  reason: MemberReason;
  message: string;
}

/** Those that there are, the most urgent first. None masks another: each has a cause and a remedy of its own. */
export function problemFields(
  problems: readonly MemberReport['problem'][],
): Pick<EngineReport, 'problem' | 'furtherProblems'> {
  const [problem, ...furtherProblems] = problems
    .filter((one) => one !== undefined)
    // The operator refuses a whole report that has more, and texts of a server may be of any length.
    .map(({ reason, message }) => ({ reason, message: message.slice(0, longestMessage) }))
    .slice(0, 1 + mostFurtherProblems);
  return {
    ...(problem === undefined ? {} : { problem }),
    ...(furtherProblems.length === 0 ? {} : { furtherProblems }),
  };
}

/** How a program ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A program that the agent runs and manages: what an engine author implements. The agent creates one engine and calls `start`
 * once. It calls `report` for each heartbeat, also while an order runs, but never two at the same time. It gives one order at a
 * time, after it has checked the epoch and stored it, and aborts an order if a newer one comes.
 *
 * Every order may come again, and may have been interrupted at any point before: the engine brings about the ordered state from
 * whatever it finds. An order that throws counts as not acknowledged, and the operator sends it again.
 *
 * Whatever was ordered before, a program that starts takes no writes and follows no leader until an order says so.
 */
export interface ManagedEngine {
  /**
   * Starts the program if there are data; if there are none, nothing need run, and the report says Empty. Resolves once the
   * engine can take orders. If it throws, the agent ends.
   */
  start(signal: AbortSignal): Promise<void>;

  /**
   * Asks the program itself; pending as long as it does not answer. Aborted if no heartbeat waits any more.
   * @throws HAError if the program answers that it is not healthy: the code and message become the problem of the report.
   */
  report(signal: AbortSignal): Promise<EngineReport>;

  /** Resolves when the program takes writes, with `sync` in force before the first one. */
  promote(order: Order<'promote'>, signal: AbortSignal): Promise<void>;

  /** Resolves when the program follows, or is being made a copy of the leader: the reports then say Cloning. */
  follow(order: Order<'follow'>, signal: AbortSignal): Promise<void>;

  /** Resolves when the program surely takes no writes and acknowledges nothing to a leader. */
  fence(signal: AbortSignal, order: Order<'fence'>): Promise<void>;

  /** Ends the program in order, before the signal comes. Called once, when the agent ends. */
  stop(signal: AbortSignal): Promise<void>;

  /** Ends the program at once, by SIGKILL, as its lease is over. Called at any time; must not throw. */
  kill(): void;

  /** Why `start` cannot start the program, and waits until its signal: only another pod can help. */
  readonly startProblem?: EngineProblem | undefined;

  /** Process group of the program, for the watchdog of a lease. */
  readonly pid?: number | undefined;

  /** Settles when the program has ended although neither `stop` nor `kill` was called. The agent then ends. */
  readonly ended: Promise<Ending>;
}
