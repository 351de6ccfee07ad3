import { type MemberReport, defaultAgentPort } from '../../src/protocol/member-protocol.ts';
import type { Clock } from '../../src/lib/clock.ts';
import * as detector from '../../src/heartbeat/detector.ts';
import type { Health } from '../../src/core/model/observed.ts';
import type { Grants } from '../../src/heartbeat/grants.ts';
import { LastReport } from '../../src/heartbeat/last-report.ts';
import type { Agent } from './agent.ts';
import type { Kernel } from './kernel.ts';
import type { Network } from './network.ts';

const programPort = 80;

export interface EarWorld {
  readonly kernel: Kernel;
  readonly network: Network;
  /** Whether the pod's address is there at all, and what listens on it. */
  find(uid: string): { place: string; agent: Agent | undefined } | undefined;
}

export interface EarOptions {
  uid: string;
  /** Of the operator. */
  place: string;
  clock: Clock;
  detector: detector.DetectorConfig;
  grants: Grants;
  /** The epoch, and who is granted how much time: asked at each beat. */
  protocol: () => { epoch: number; lease?: { ms: number; holder: string | undefined } };
  onChange: () => void;
  /** Asked by the member protocol, at the port of its agent. */
  isLed: boolean;
}

/** What one operator hears of one member: src/heartbeat/member.ts with its shipped detector, on the model's network. */
export class Ear {
  readonly #world: EarWorld;
  readonly #options: EarOptions;
  readonly #report: LastReport;
  #state: detector.DetectorState;
  #sinceWallMs: number;
  #soundSinceWallMs: number | undefined;
  #unanswered = 0;
  #lastAsked = 0;
  #lastAnswered = 0;
  #isClosed = false;
  #judgeAt = Infinity;

  constructor(world: EarWorld, options: EarOptions) {
    this.#world = world;
    this.#options = options;
    this.#report = new LastReport(options.clock);
    this.#state = detector.initial(options.detector, options.clock.now());
    this.#sinceWallMs = options.clock.wallNow();
    this.#beat();
    this.#armJudge();
  }

  close(): void {
    this.#isClosed = true;
  }

  health(): Health {
    const { verdict, cause, silentFrom, generation } = this.#state;
    const silentMs = Math.max(0, this.#options.clock.now() - silentFrom);
    // Says the same as long as it is the same, as the shipped messages do.
    const message = cause === undefined ? verdict : `${verdict} (${cause})`;
    return {
      verdict,
      ...(cause === undefined ? {} : { cause }),
      message,
      sinceWallMs: this.#sinceWallMs,
      ...(this.#soundSinceWallMs === undefined ? {} : { soundSinceWallMs: this.#soundSinceWallMs }),
      silentMs,
      generation,
      evidence: message,
      ...(cause === 'Refused'
        ? { refusedPort: this.#options.isLed ? defaultAgentPort : programPort }
        : {}),
      ...this.#report.fields(),
    };
  }

  /** How long it has been asked and was never heard; 0 where it was. */
  get heardNothingMs(): number {
    const { clock } = this.#options;
    return this.#state.verdict === 'Unknown' ? Math.max(1, clock.wallNow() - this.#sinceWallMs) : 0;
  }

  get verdict(): detector.Verdict {
    return this.#state.verdict;
  }

  /** The silence so far was the operator's own. */
  forgive(): void {
    this.#state = detector.forgive(this.#state, this.#options.clock.now());
    this.#armJudge();
  }

  /** It has answered an order. */
  heard(report: MemberReport): void {
    this.#report.hear(report);
  }

  grant(): string | undefined {
    const { lease } = this.#options.protocol();
    const { uid, grants } = this.#options;
    const isSound = this.#state.verdict === 'Healthy' || this.#state.verdict === 'Suspect';
    if (lease?.holder !== uid || !isSound) return undefined;
    const said = this.#report.nonce();
    return said && grants.grant(uid, said.nonce, said.heardAt, lease.ms);
  }

  /** Its connection is reset: asks at once over another. */
  reset(): void {
    if (!this.#isClosed) this.#ask();
  }

  #refused(question: number): void {
    // What was answered since came over a newer connection.
    if (this.#isClosed || question < this.#lastAnswered) return;
    this.#become(detector.onRefused(this.#state), false);
  }

  #beat(): void {
    if (this.#isClosed) return;
    const { kernel } = this.#world;
    const { detector: config } = this.#options;
    // The first beat comes at once, the others on a grid of the member's own.
    kernel.after(kernel.random.between(0.98, 1.02) * config.intervalMs, () => this.#beat());
    if (++this.#unanswered > 4) this.#unanswered = 0;
    else this.#ask();
  }

  #ask(): void {
    const { network } = this.#world;
    const { uid, place } = this.#options;
    const found = this.#world.find(uid);
    if (found === undefined) return;
    const { epoch } = this.#options.protocol();
    const grant = this.grant();
    const question = ++this.#lastAsked;
    network.send(place, found.place, () => {
      const now = this.#world.find(uid);
      if (now === undefined) return;
      const listens = now.agent !== undefined && (now.agent.pod.hasAgent || !this.#options.isLed);
      if (now.agent === undefined || !listens) {
        network.send(now.place, place, () => this.#refused(question));
        return;
      }
      const { agent } = now;
      agent.deliver(() => {
        if (grant !== undefined && agent.volume.epoch === epoch) agent.lease.grant(grant);
        const report = this.#options.isLed ? agent.report() : undefined;
        network.send(now.place, place, () => this.#answered(question, report));
      });
    });
  }

  #answered(question: number, report: MemberReport | undefined): void {
    // Answers do not overtake one another on a connection, and one connection is given up for another.
    if (this.#isClosed || question < this.#lastAnswered) return;
    this.#lastAnswered = question;
    this.#unanswered = 0;
    const isNews = report !== undefined && this.#report.hear(report);
    this.#become(detector.onAnswer(this.#state, this.#options.clock.now()), isNews);
  }

  #become(state: detector.DetectorState, isNews: boolean): void {
    const before = this.#state;
    this.#state = state;
    this.#armJudge();
    const isSame = state.verdict === before.verdict && state.cause === before.cause;
    if (isSame && !isNews) return;
    const wallMs = this.#options.clock.wallNow();
    if (state.verdict !== before.verdict) {
      this.#sinceWallMs = wallMs;
      const { uid, place } = this.#options;
      this.#world.kernel.note(
        place,
        () => `${uid} is ${state.verdict} (${state.cause ?? 'answers'})`,
      );
    }
    const isSound = state.verdict === 'Healthy' || state.verdict === 'Suspect';
    this.#soundSinceWallMs = isSound ? (this.#soundSinceWallMs ?? wallMs) : undefined;
    this.#options.onChange();
  }

  /** One timer at most; it is left where it is when the next check is later, and then arms itself again. */
  #armJudge(): void {
    const now = this.#options.clock.now();
    const next = detector.judge(this.#state, now);
    const atMs = next.state === this.#state ? next.checkAgainAt : now;
    if (atMs >= this.#judgeAt) return;
    this.#judgeAt = atMs;
    this.#world.kernel.after(Math.max(1, atMs - now), () => {
      if (this.#isClosed) return;
      this.#judgeAt = Infinity;
      this.#become(detector.judge(this.#state, this.#options.clock.now()).state, false);
    });
  }
}
