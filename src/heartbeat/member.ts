import { isDeepStrictEqual } from 'node:util';
import { type MemberReport, leaseHeader } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import * as detector from './detector.ts';
import type { Probe, ProbeEvent } from '../member-client/probe.ts';
import type { Log } from '../lib/log.ts';
import { Evidence } from './evidence.ts';
import type { Grants } from './grants.ts';
import type { MonitorPorts } from './ports.ts';
import {
  type Contact,
  type MemberHealth,
  type MonitorConfig,
  type MonitorMetrics,
  type ProtocolConfig,
  protocolHeaders,
} from './health.ts';
import { describeHealth } from './health-message.ts';
import { LastReport } from './last-report.ts';
import { jitterOf } from './jitter.ts';

/**
 * So many heartbeats must fit into the lease of a leader, as each one renews the lease. The interval in the spec may be longer than the
 * lease with which a pod was made.
 */
const beatsPerLease = 3;

export interface MemberOptions {
  uid: string;
  detector: detector.DetectorConfig;
  clock: Clock;
  log: Log;
  metrics: MonitorMetrics | undefined;
  grants: Grants;
  ports: MonitorPorts;
  /** Monotonic milliseconds without the operator's own stalls. */
  attentiveNow: () => number;
  onChange: () => void;
}

/** One member: its probe, its heartbeat timer and its detector. The monitor creates one for each pod. */
export class Member {
  readonly #options: MemberOptions;
  readonly #evidence: Evidence;
  readonly #report: LastReport;
  #contact: Contact | undefined;
  /** What it is told with each heartbeat: a change does not restart the probe. */
  #said: ProtocolConfig | undefined;
  #probe: Probe | undefined;
  #state: detector.DetectorState;
  #sinceWallMs: number;
  #healthyOrSuspectSinceWallMs: number | undefined;
  #lastAnswerWallMs: number | undefined;
  #rttMs: number | undefined;
  #refusedPort: number | undefined;
  /** When the connection was closed, by the attentive clock: the end of the process, if nothing listens after that. */
  #endedAt: number | undefined;
  #nextBeatAt = 0;
  #cancelBeat = () => {};
  #cancelJudge = () => {};
  #judgeAt = Infinity;
  #closed = false;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#evidence = new Evidence(options.clock);
    this.#report = new LastReport(options.clock);
    this.#state = detector.initial(options.detector, options.attentiveNow());
    this.#sinceWallMs = options.clock.wallNow();
  }

  /** Starts the probe, or starts it again if something has changed. */
  configure(contact: Contact, { protocol: said, detector: wished }: MonitorConfig): void {
    const { host, port, engine, transport, leaseMs = Infinity } = contact;
    const intervalMs = Math.min(wished.intervalMs, leaseMs / beatsPerLease);
    const config = { ...wished, intervalMs };
    const isSame =
      isDeepStrictEqual(contact, this.#contact) && isDeepStrictEqual(config, this.#state.config);
    this.#said = said;
    this.#contact = contact;
    if (isSame) return;
    const { clock, uid, attentiveNow, ports } = this.#options;
    this.#state = detector.reconfigure(this.#state, config);
    // The new probe has no answer yet; the request of the old one is abandoned.
    this.#state = detector.restartSilence(this.#state, attentiveNow());
    this.#probe?.close();
    const protocol = { uid, grpc: transport === 'grpc', headers: () => this.#headers() };
    const target = { host, port, engine, ...(transport === undefined ? {} : { protocol }) };
    const probe = ports.createProbe(target, clock, (event) => {
      if (probe === this.#probe && !this.#closed) this.#onEvent(event);
    });
    this.#probe = probe;
    // The first heartbeat is sent at once, the others at times of the member's own, so that they are spread over time.
    const now = clock.now();
    this.#nextBeatAt = now - (now % intervalMs) + jitterOf(uid) * intervalMs;
    this.#cancelBeat();
    this.#cancelBeat = clock.after(0, () => this.#beat());
    this.#armJudge();
  }

  restartSilence(): void {
    this.#state = detector.restartSilence(this.#state, this.#options.attentiveNow());
    this.#armJudge();
  }

  health(): MemberHealth {
    const { verdict, cause, silentFrom, generation } = this.#state;
    const lastSign = cause === 'Refused' ? (this.#endedAt ?? silentFrom) : silentFrom;
    return {
      verdict,
      ...(cause === undefined ? {} : { cause }),
      message: this.#message(),
      sinceWallMs: this.#sinceWallMs,
      ...(this.#healthyOrSuspectSinceWallMs === undefined
        ? {}
        : { healthyOrSuspectSinceWallMs: this.#healthyOrSuspectSinceWallMs }),
      ...(this.#lastAnswerWallMs === undefined ? {} : { lastAnswerWallMs: this.#lastAnswerWallMs }),
      silentMs: Math.max(0, this.#options.attentiveNow() - lastSign),
      ...(this.#rttMs === undefined ? {} : { rttMs: this.#rttMs }),
      generation,
      evidence: this.#evidence.text(),
      ...(cause === 'Refused' && this.#refusedPort !== undefined
        ? { refusedPort: this.#refusedPort }
        : {}),
      ...this.#report.fields(),
    };
  }

  /** The member has answered an order with this report. */
  reported(report: MemberReport): void {
    if (report.uid === undefined || report.uid === this.#options.uid) this.#report.update(report);
  }

  /**
   * The header with a lease, if the member is its holder and healthy or suspect, and the operator may grant one. A dead member gets
   * no lease until it has recovered: another member may be about to replace it.
   */
  grant(): Record<string, string> {
    const { leaseMs } = this.#contact ?? {};
    const { uid, grants } = this.#options;
    const isHealthyOrSuspect =
      this.#state.verdict === 'Healthy' || this.#state.verdict === 'Suspect';
    if (leaseMs === undefined || this.#said?.leaseHolder !== uid || !isHealthyOrSuspect) return {};
    const said = this.#report.nonce();
    const granted = said && grants.grant(uid, said.nonce, said.receivedAt, leaseMs);
    return granted === undefined ? {} : { [leaseHeader]: granted };
  }

  close(): void {
    this.#closed = true;
    this.#cancelBeat();
    this.#cancelJudge();
    this.#probe?.close();
  }

  #headers(): Record<string, string> {
    return { ...protocolHeaders(this.#said), ...this.grant() };
  }

  #beat(): void {
    const { clock } = this.#options;
    const intervalMs = this.#state.config.intervalMs;
    this.#probe?.beat();
    const now = clock.now();
    // The next time of this member that leaves it half an interval to answer, even after a late heartbeat.
    const late = now + intervalMs / 2 - this.#nextBeatAt;
    if (late > 0) this.#nextBeatAt += Math.ceil(late / intervalMs) * intervalMs;
    this.#cancelBeat = clock.after(this.#nextBeatAt - now, () => this.#beat());
  }

  #onEvent(event: ProbeEvent): void {
    const { clock, metrics, attentiveNow } = this.#options;
    const now = attentiveNow();
    metrics?.heartbeat(event.type);
    this.#evidence.add(event);
    const isNews = this.#updateReport(event);
    let told = false;
    switch (event.type) {
      case 'answer':
        metrics?.roundTrip(event.rttMs);
        this.#rttMs = event.rttMs;
        this.#endedAt = undefined;
        this.#lastAnswerWallMs = clock.wallNow();
        told = this.#become(detector.onAnswer(this.#state, now));
        if (this.#state.verdict === 'Healthy') this.#evidence.clear();
        break;
      case 'badAnswer':
        this.#lastAnswerWallMs = clock.wallNow();
        told = this.#become(detector.onBadAnswer(this.#state, now));
        break;
      case 'refused':
        this.#refusedPort = this.#contact?.port;
        this.#become(detector.onRefused(this.#state));
        break;
      case 'fault':
        this.#options.log.error({ reason: event.message }, 'a heartbeat could not be sent');
        this.#become(detector.restartSilence(this.#state, now));
        break;
      case 'closed':
        this.#endedAt ??= now;
        break;
      case 'unreachable':
        break;
    }
    if (isNews && !told) this.#options.onChange();
  }

  /** Whether the report has changed. The report of a dead process does not apply to the one that replaces it. */
  #updateReport(event: ProbeEvent): boolean {
    if (event.type !== 'answer' && event.type !== 'badAnswer') return false;
    if (event.report !== undefined) return this.#report.update(event.report);
    return this.#state.verdict === 'Dead' && this.#report.forget();
  }

  /** Checks whether the time alone changes the verdict. What has arrived but was not read yet is read first. */
  #judge(): void {
    const { state } = detector.judge(this.#state, this.#options.attentiveNow());
    if (state.cause === this.#state.cause && state.verdict === this.#state.verdict) {
      this.#armJudge();
      return;
    }
    this.#options.ports.afterPendingIo(() => {
      if (this.#closed) return;
      this.#become(detector.judge(this.#state, this.#options.attentiveNow()).state);
    });
  }

  /** @returns Whether the listener was called. */
  #become(state: detector.DetectorState): boolean {
    const before = this.#state;
    this.#state = state;
    this.#armJudge();
    if (state.verdict === before.verdict && state.cause === before.cause) return false;
    const { clock, log, onChange } = this.#options;
    if (state.verdict !== before.verdict) this.#sinceWallMs = clock.wallNow();
    const isHealthyOrSuspect = state.verdict === 'Healthy' || state.verdict === 'Suspect';
    this.#healthyOrSuspectSinceWallMs = isHealthyOrSuspect
      ? (this.#healthyOrSuspectSinceWallMs ?? clock.wallNow())
      : undefined;
    const fields = {
      verdict: state.verdict,
      before: before.verdict,
      reason: state.cause,
      evidence: this.#evidence.text(),
    };
    if (state.verdict === 'Dead' || state.verdict === 'Unhealthy')
      log.warn(fields, this.#message());
    else log.debug(fields, this.#message());
    onChange();
    return true;
  }

  /** Sets at most one timer. If the next check is later than the timer, the timer stays, and sets itself again when it fires. */
  #armJudge(): void {
    const { clock, attentiveNow } = this.#options;
    const now = attentiveNow();
    const next = detector.judge(this.#state, now);
    // If the verdict is due to change now, it changes in a later turn of the event loop.
    const checkAgainAt = next.state === this.#state ? next.checkAgainAt : now;
    if (checkAgainAt >= this.#judgeAt) return;
    this.#cancelJudge();
    this.#judgeAt = checkAgainAt;
    this.#cancelJudge = clock.after(Math.max(1, Math.ceil(checkAgainAt - now)), () => {
      this.#judgeAt = Infinity;
      this.#judge();
    });
  }

  #message(): string {
    return describeHealth(this.#state, this.#evidence.last(), this.#refusedPort);
  }
}
