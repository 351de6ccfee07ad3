import { isDeepStrictEqual } from 'node:util';
import type { MemberReport } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import { isUnlinked } from '../core/model/member.ts';
import type { MemberHealth } from './health.ts';

/** What a member last said of itself. */
export class LastReport {
  readonly #clock: Clock;
  #report: MemberReport | undefined;
  #receivedAt = -Infinity;
  #wallMs = 0;
  #unlinkedSinceWallMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns Whether something that a decision may rest on has changed. */
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

  /** Another life has begun, and has not said anything yet. Whether there was something to forget. */
  forget(): boolean {
    const had = this.#report !== undefined;
    this.#report = undefined;
    this.#unlinkedSinceWallMs = undefined;
    return had;
  }

  /** For MemberHealth. */
  fields(): Pick<MemberHealth, 'report' | 'reportedAtMs' | 'unlinkedSinceWallMs'> {
    if (this.#report === undefined) return {};
    const unlinkedSinceWallMs = this.#unlinkedSinceWallMs;
    return {
      report: this.#report,
      reportedAtMs: this.#wallMs,
      ...(unlinkedSinceWallMs === undefined ? {} : { unlinkedSinceWallMs }),
    };
  }

  /** That from which a lease counts, and when it came by the monotonic clock. */
  nonce(): { nonce: string; receivedAt: number } | undefined {
    const nonce = this.#report?.nonce;
    return nonce === undefined ? undefined : { nonce, receivedAt: this.#receivedAt };
  }
}

/** All but what changes with each write or each report: an idle resource is not looked at for those. */
function factsOf(report: MemberReport): object {
  const { problem, position, durable, ...said } = report;
  const { state, epoch, ledEpoch, leader, linked, sync, identity, loss } = said;
  const facts = { state, epoch, ledEpoch, leader, linked, sync, identity, loss, durable };
  return { ...facts, problem: problem?.reason, hasPosition: position !== undefined };
}
