import type { IncomingHttpHeaders } from 'node:http';
import { type ErrorCode, HAError } from '../api/errors.ts';
import type { MemberReason } from '../api/member-problems.ts';
import {
  type MemberReport,
  type OrderKind,
  epochHeader,
  leaseHeader,
  orderSchemas,
} from '../protocol/member-protocol.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { EngineProblem, EngineReport, ManagedEngine } from '../engines/managed-engine.ts';
import type { Lease } from './lease.ts';
import type { CommandQueue } from './command-queue.ts';
import { SingleFlight } from './single-flight.ts';
import type { Acknowledged, AnyOrder } from './epoch-check.ts';
import type { Answer, Routes } from './server.ts';

export interface MemberOptions {
  uid: string | undefined;
  engine: ManagedEngine;
  desk: CommandQueue;
  /** Gives the nonces, also where no leader needs a lease. */
  lease: Lease;
  clock: Clock;
  /** Whether the engine can be asked. */
  isStarted: () => boolean;
  /** The program takes writes although nobody has ordered it, or has been ordered not to. */
  onUnordered: () => void;
}

/** How long the answer to an order waits for a report. Milliseconds. */
const reportMs = 1_000;
/** How long the answer to an order waits for the order; afterwards it is 202, and the order goes on. Milliseconds. */
const orderMs = 10_000;

/**
 * The state to report after an order if the program does not answer soon. After a fence it must not be Detached: that says that
 * the member has data, and the member could be elected for them.
 */
const stateAfter: Record<OrderKind, EngineReport['state']> = {
  promote: 'Leading',
  follow: 'Following',
  fence: 'Starting',
  demote: 'Starting',
};

/** What the program has said, and the orders acknowledged when it was asked: one since then may have changed what it would say. */
interface Said {
  report: EngineReport;
  acknowledged: Acknowledged;
}

/** The member as the operator sees it: reports, and orders with reports as their answers. */
export class Member implements Routes {
  readonly #options: MemberOptions;
  readonly #question: SingleFlight<Said>;
  #lastState: EngineReport['state'] = 'Starting';

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#question = new SingleFlight((signal) => this.#ask(signal));
  }

  /** What the program has said before now is old. */
  renew(): void {
    this.#question.renew();
  }

  async status(headers: IncomingHttpHeaders, signal: AbortSignal): Promise<Answer> {
    const { desk, lease } = this.#options;
    const grant = headers[leaseHeader];
    // A grant is for the leader of one epoch, and of no other.
    const isMine = headers[epochHeader] === String(desk.newestEpoch);
    if (typeof grant === 'string' && isMine) lease.grant(grant);
    try {
      return { status: 200, body: this.#complete(await this.#question.answer(signal)) };
    } catch (error) {
      if (signal.aborted) throw error;
      return { status: 503, body: this.#unhealthy(error) };
    }
  }

  async order(kind: OrderKind, body: unknown, headers: IncomingHttpHeaders): Promise<Answer> {
    const { desk, clock } = this.#options;
    const parsed = orderSchemas[kind].safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const message = `${kind}: ${issue?.path.join('.')}: ${issue?.message}`;
      return { status: 400, body: { error: 'Invalid', message } };
    }
    const grant = headers[leaseHeader];
    const given = { kind, order: parsed.data } as AnyOrder;
    const patience = new AbortController();
    const outcome = await Promise.race([
      desk.submit(given, typeof grant === 'string' ? grant : undefined),
      sleep(clock, orderMs, patience.signal).then(() => 'pending' as const),
    ]);
    patience.abort();
    if (outcome === 'pending') return { status: 202, body: await this.#soon(this.#lastState) };
    if (outcome !== undefined) {
      const { refusal, message } = outcome;
      const report = await this.#soon(this.#lastState);
      return { status: 409, body: { error: refusal, message, report } };
    }
    const report = await this.#soon(stateAfter[kind]);
    return { status: report.state === 'Cloning' ? 202 : 200, body: report };
  }

  /** A report, where the program answers soon; else what is known without it. */
  async #soon(otherwise: EngineReport['state']): Promise<MemberReport> {
    const patience = new AbortController();
    const cancel = this.#options.clock.after(reportMs, () => patience.abort());
    try {
      return this.#complete(await this.#question.answer(patience.signal));
    } catch (error) {
      return patience.signal.aborted
        ? this.#complete({
            report: { state: otherwise },
            acknowledged: this.#options.desk.acknowledged,
          })
        : this.#unhealthy(error, otherwise);
    } finally {
      cancel();
    }
  }

  async #ask(signal: AbortSignal): Promise<Said> {
    const { desk, engine, isStarted, onUnordered } = this.#options;
    const { mayLead, acknowledged } = desk;
    if (!isStarted()) return { report: { state: 'Starting' }, acknowledged };
    const report = await engine.report(signal);
    signal.throwIfAborted();
    this.#lastState = report.state;
    if (report.state === 'Empty') {
      await desk.forgetLed();
      return { report, acknowledged: { ...acknowledged, ledEpoch: 0 } };
    }
    if (report.state === 'Leading' && !mayLead && !desk.mayLead) {
      onUnordered();
      const message =
        'the program takes writes although nobody has promoted it: let it start as one that takes none';
      const problem: EngineProblem = { reason: 'LeadsUnordered', message };
      return { report: { ...report, problem }, acknowledged };
    }
    return { report, acknowledged };
  }

  #complete({ report, acknowledged: { epoch, ledEpoch } }: Said): MemberReport {
    const { uid, lease } = this.#options;
    // The timer may be late; nothing is said of a leader whose time is over.
    if (lease.isOver()) throw new HAError('HA_ERR_LEASE_OVER', 'the program is being ended');
    const nonce = lease.issue();
    return { ...(uid === undefined ? {} : { uid }), ...report, epoch, ledEpoch, nonce };
  }

  #unhealthy(error: unknown, state = this.#lastState): MemberReport {
    const reason: MemberReason | ErrorCode = error instanceof HAError ? error.code : 'Failed';
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 1024);
    const { acknowledged } = this.#options.desk;
    return this.#complete({ report: { state, problem: { reason, message } }, acknowledged });
  }
}
