import type { IncomingHttpHeaders } from 'node:http';
import { type ErrorCode, HAError } from '../api/errors.ts';
import type { MemberReason } from '../api/member-problems.ts';
import {
  type MemberReport,
  type OrderKind,
  epochHeader,
  leaseHeader,
  passwordHeader,
  replicationHeader,
  replicationPasswords,
  orderSchemas,
} from '../protocol/member-protocol.ts';
import { orderAnswerMs } from '../protocol/order-times.ts';
import { reportsAllData } from '../protocol/completeness.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import {
  type EngineProblem,
  type EngineReport,
  type ManagedEngine,
  problemFields,
} from '../engines/managed-engine.ts';
import type { Lease } from './lease.ts';
import type { PasswordFile } from './password-file.ts';
import type { CommandQueue } from './command-queue.ts';
import { SingleFlight } from './single-flight.ts';
import type { Acknowledged, AnyOrder } from './epoch-check.ts';
import type { Answer, Routes } from './server.ts';

export interface MemberRoutesOptions {
  uid: string | undefined;
  engine: ManagedEngine;
  queue: CommandQueue;
  /** Issues the nonces, even if no leader needs a lease. */
  lease: Lease;
  clock: Clock;
  /** Whether the engine can be asked. */
  isStarted: () => boolean;
  /** Undefined if the program needs none. */
  password?: PasswordFile | undefined;
  /** The program takes writes, but was not promoted, or was told to stop. */
  onUnordered: () => void;
}

/** How long the answer to an order waits for a report. Milliseconds. */
const reportMs = 1_000;

/**
 * The state to report after an order if the program does not answer soon. After a fence it must not be Detached: that says that
 * the member has data, and the member could be elected for them.
 */
const stateAfter: Record<OrderKind, EngineReport['state']> = {
  promote: 'Leading',
  follow: 'Following',
  fence: 'Starting',
};

/** A report of the program, and what had been acknowledged when it was asked: an order acknowledged since may have changed the report. */
interface EngineStatus {
  report: EngineReport;
  acknowledged: Acknowledged;
}

/** The member protocol over the engine: answers requests for the status, and orders with a report. */
export class MemberRoutes implements Routes {
  readonly #options: MemberRoutesOptions;
  readonly #engineStatus: SingleFlight<EngineStatus>;
  #lastState: EngineReport['state'] = 'Starting';

  constructor(options: MemberRoutesOptions) {
    this.#options = options;
    this.#engineStatus = new SingleFlight((signal) => this.#ask(signal));
  }

  /** Earlier reports of the program are outdated. */
  renew(): void {
    this.#engineStatus.renew();
  }

  async status(headers: IncomingHttpHeaders, signal: AbortSignal): Promise<Answer> {
    const { queue, lease, password } = this.#options;
    const shared = headers[passwordHeader];
    if (typeof shared === 'string') password?.share(shared);
    // An operator of an earlier version does not say it, and the members that it makes know that of the service alone.
    const { [replicationHeader]: said = headers[epochHeader] && 'service' } = headers;
    const replication = replicationPasswords.find((each) => each === said);
    if (replication !== undefined) password?.replicateWith(replication);
    const grant = headers[leaseHeader];
    // A grant is for the leader of one epoch only.
    const isMine = headers[epochHeader] === String(queue.newestEpoch);
    if (typeof grant === 'string' && isMine) lease.grant(grant);
    try {
      return { status: 200, body: this.#completeReport(await this.#engineStatus.answer(signal)) };
    } catch (error) {
      if (signal.aborted) throw error;
      return { status: 503, body: this.#unhealthyReport(error) };
    }
  }

  async ready(signal: AbortSignal): Promise<Answer> {
    try {
      const { report } = await this.#engineStatus.answer(signal);
      const { state } = report;
      return { status: reportsAllData(report) ? 200 : 503, body: { state } };
    } catch (error) {
      if (signal.aborted) throw error;
      return { status: 503, body: { state: this.#lastState, message: String(error) } };
    }
  }

  async order(kind: OrderKind, body: unknown, headers: IncomingHttpHeaders): Promise<Answer> {
    const { queue, clock } = this.#options;
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
      queue.submit(given, typeof grant === 'string' ? grant : undefined),
      sleep(clock, orderAnswerMs - reportMs, patience.signal).then(() => 'pending' as const),
    ]);
    patience.abort();
    if (outcome === 'pending')
      return { status: 202, body: await this.#promptReport(this.#lastState) };
    if (outcome !== undefined) {
      const { rejection, message } = outcome;
      const report = await this.#promptReport(this.#lastState);
      return { status: 409, body: { error: rejection, message, report } };
    }
    const report = await this.#promptReport(stateAfter[kind]);
    return { status: report.state === 'Cloning' ? 202 : 200, body: report };
  }

  /** A report if the program answers soon; else what is known without the program. */
  async #promptReport(otherwise: EngineReport['state']): Promise<MemberReport> {
    const patience = new AbortController();
    const cancel = this.#options.clock.after(reportMs, () => patience.abort());
    try {
      return this.#completeReport(await this.#engineStatus.answer(patience.signal));
    } catch (error) {
      return patience.signal.aborted
        ? this.#completeReport({
            report: { state: otherwise },
            acknowledged: this.#options.queue.acknowledged,
          })
        : this.#unhealthyReport(error, otherwise);
    } finally {
      cancel();
    }
  }

  async #ask(signal: AbortSignal): Promise<EngineStatus> {
    const { queue, engine, isStarted, password, onUnordered } = this.#options;
    const { mayLead, acknowledged } = queue;
    if (!isStarted()) {
      const problems = problemFields([password?.problem, engine.startProblem]);
      return { report: { state: 'Starting', ...problems }, acknowledged };
    }
    const report = await engine.report(signal);
    signal.throwIfAborted();
    this.#lastState = report.state;
    const problems = [report.problem, ...(report.furtherProblems ?? []), password?.problem];
    if (report.state === 'Empty') {
      await queue.forgetLed();
      return { report, acknowledged: { ...acknowledged, ledEpoch: 0 } };
    }
    if (report.state === 'Leading' && !mayLead && !queue.mayLead) {
      onUnordered();
      const message =
        'the program takes writes, but was not promoted: make it start as one that takes none';
      const problem: EngineProblem = { reason: 'LeadsUnordered', message };
      return { report: { ...report, ...problemFields([problem, ...problems]) }, acknowledged };
    }
    return { report: { ...report, ...problemFields(problems) }, acknowledged };
  }

  #completeReport({ report, acknowledged: { epoch, ledEpoch } }: EngineStatus): MemberReport {
    const { uid, lease, password } = this.#options;
    const said = password?.report;
    // The timer may be late; a leader whose lease is over must not report.
    if (lease.isOver()) throw new HAError('HA_ERR_LEASE_OVER', 'the program is being killed');
    const nonce = lease.issue();
    return {
      ...(uid === undefined ? {} : { uid }),
      ...report,
      ...(said === undefined ? {} : { password: said }),
      ...{ epoch, ledEpoch, nonce },
    };
  }

  #unhealthyReport(error: unknown, state = this.#lastState): MemberReport {
    const reason: MemberReason | ErrorCode = error instanceof HAError ? error.code : 'Failed';
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 1024);
    const { acknowledged } = this.#options.queue;
    return this.#completeReport({ report: { state, problem: { reason, message } }, acknowledged });
  }
}
