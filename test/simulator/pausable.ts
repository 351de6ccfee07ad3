import type { ProbeConnectionEvents } from '../../src/member-client/probe-connection.ts';

/** A process that can be stopped: what arrives meanwhile, and its timers, wait until it goes on. */
export class Pausable {
  #waiting: (() => void)[] | undefined;

  /** Runs now, or after the thaw. */
  readonly deliver = (run: () => void): void => {
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  };

  freeze(): void {
    this.#waiting ??= [];
  }

  thaw(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const run of waiting) this.deliver(run);
  }
}

/** What a connection tells such a process. */
export const heldEvents = (
  { deliver }: Pausable,
  events: ProbeConnectionEvents,
): ProbeConnectionEvents => ({
  answer: (...told) => deliver(() => events.answer(...told)),
  badAnswer: (...told) => deliver(() => events.badAnswer(...told)),
  refused: (...told) => deliver(() => events.refused(...told)),
  closed: (...told) => deliver(() => events.closed(...told)),
  unreachable: (...told) => deliver(() => events.unreachable(...told)),
  fault: (...told) => deliver(() => events.fault(...told)),
});
