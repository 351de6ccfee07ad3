import type { MemberReason } from '../api/member-problems.ts';
import type { MemberReport, Order } from '../protocol/member-protocol.ts';

/** What an engine says of its program; the agent adds epochs, nonce and UID. */
export type EngineReport = Omit<MemberReport, 'uid' | 'epoch' | 'ledEpoch' | 'nonce'>;

/** What Redis or Postgres reports as wrong. A status command of Exec reports any word of its own. */
export interface EngineProblem {
  reason: MemberReason;
  message: string;
}

/** How a program came to its end. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A program that the agent runs and leads. The agent gives one order at a time, has checked the epoch and written it down
 * before, and aborts an order when a newer one comes. Every order may come again, and may have been cut off anywhere the
 * last time: it brings about what it says, from whatever there is.
 *
 * Whatever was ordered before, a program that is started takes no writes and follows nobody until it is told to.
 */
export interface ManagedEngine {
  /**
   * Starts the program where there are data; where there are none nothing need run, and the report says Empty. Resolves once
   * it can be given orders.
   */
  start(signal: AbortSignal): Promise<void>;

  /**
   * Asks the program itself; pending as long as it does not answer. @throws HAError where it answers that it is not well.
   */
  report(signal: AbortSignal): Promise<EngineReport>;

  /** Resolves when the program takes writes, with `sync` in force before the first one. */
  promote(order: Order<'promote'>, signal: AbortSignal): Promise<void>;

  /** Resolves when it follows, or when it is being made a copy of the leader: the reports then say Cloning. */
  follow(order: Order<'follow'>, signal: AbortSignal): Promise<void>;

  /** Resolves when it surely takes no writes and acknowledges nothing to a leader. */
  fence(signal: AbortSignal, order: Order<'fence'>): Promise<void>;

  /** Ends the program in order, within the signal's time. */
  stop(signal: AbortSignal): Promise<void>;

  /** Ends the program at once, by SIGKILL: its lease has run out. */
  kill(): void;

  /** Process group of the program, for the guard of a lease. */
  readonly pid?: number | undefined;

  /** Settles when the program has ended although nobody asked it to. */
  readonly ended: Promise<Ending>;
}
