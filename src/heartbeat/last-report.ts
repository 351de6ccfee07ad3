import { isDeepStrictEqual } from 'node:util';
import type { MemberReport } from '../api/member-protocol.ts';
import type { Clock } from '../core/clock.ts';

/** What a member last said of itself. */
export class LastReport {
  readonly #clock: Clock;
  #report: MemberReport | undefined;
  #heardAt = -Infinity;
  #wallMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns Whether something that a decision may rest on has changed. */
  hear(report: MemberReport): boolean {
    const before = this.#report;
    this.#report = report;
    this.#heardAt = this.#clock.now();
    this.#wallMs = this.#clock.wallNow();
    return before === undefined || !isDeepStrictEqual(factsOf(before), factsOf(report));
  }

  /** Another life has begun, and has not said anything yet. Whether there was something to forget. */
  forget(): boolean {
    const had = this.#report !== undefined;
    this.#report = undefined;
    return had;
  }

  /** For MemberHealth. */
  fields(): { report?: MemberReport; reportedAtMs?: number } {
    return this.#report === undefined ? {} : { report: this.#report, reportedAtMs: this.#wallMs };
  }

  /** That from which a lease counts, and when it came by the monotonic clock. */
  nonce(): { nonce: string; heardAt: number } | undefined {
    const nonce = this.#report?.nonce;
    return nonce === undefined ? undefined : { nonce, heardAt: this.#heardAt };
  }
}

/** All but what changes with each write or each report: an idle resource is not looked at for those. */
function factsOf(report: MemberReport): object {
  const { state, epoch, ledEpoch, leader, linked, sync, identity, loss, problem, position } =
    report;
  const facts = { state, epoch, ledEpoch, leader, linked, sync, identity, loss };
  return { ...facts, problem: problem?.reason, hasPosition: position !== undefined };
}
