import { isDeepStrictEqual } from 'node:util';
import type { MemberReport } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import { isUnlinked } from '../core/model/member.ts';
import type { MemberHealth } from './health.ts';

/** The last report of a member. */
export class LastReport {
  readonly #clock: Clock;
  #report: MemberReport | undefined;
  #receivedAt = -Infinity;
  #wallMs = 0;
  #unlinkedSinceWallMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A report has arrived. @returns Whether something that a decision may depend on has changed. */
  update(report: MemberReport): boolean {
    const before = this.#report;
    this.#report = report;
    this.#receivedAt = this.#clock.now();
    this.#wallMs = this.#clock.wallNow();
    const isSame = report.leader === before?.leader && report.epoch === before?.epoch;
    const since = isSame ? this.#unlinkedSinceWallMs : undefined;
    this.#unlinkedSinceWallMs = isUnlinked(report) ? (since ?? this.#wallMs) : undefined;
    return before === undefined || !isDeepStrictEqual(factsOf(before), factsOf(report));
  }

  /** Another process has started, and has sent no report yet. @returns Whether there was a report to forget. */
  forget(): boolean {
    const had = this.#report !== undefined;
    this.#report = undefined;
    this.#unlinkedSinceWallMs = undefined;
    return had;
  }

  /** The fields of MemberHealth that come from the report. */
  fields(): Pick<MemberHealth, 'report' | 'reportedAtMs' | 'unlinkedSinceWallMs'> {
    if (this.#report === undefined) return {};
    const unlinkedSinceWallMs = this.#unlinkedSinceWallMs;
    return {
      report: this.#report,
      reportedAtMs: this.#wallMs,
      ...(unlinkedSinceWallMs === undefined ? {} : { unlinkedSinceWallMs }),
    };
  }

  /** The nonce with which a lease begins, and when it was received by the monotonic clock. */
  nonce(): { nonce: string; receivedAt: number } | undefined {
    const nonce = this.#report?.nonce;
    return nonce === undefined ? undefined : { nonce, receivedAt: this.#receivedAt };
  }
}

/** Everything except what changes with each write or each report: an idle resource is not reconciled for those. */
function factsOf(report: MemberReport): object {
  const { problem, furtherProblems = [], position, durable, copy, ...said } = report;
  const { state, epoch, ledEpoch, leader, linked, sync, identity, loss, password } = said;
  const facts = { state, epoch, ledEpoch, leader, linked, sync, identity, loss, password, durable };
  const log = { hasPosition: position !== undefined, history: position?.history };
  const problems = [problem, ...furtherProblems].map((one) => one?.reason);
  return { ...facts, problems, isCopying: copy !== undefined, ...log };
}
