import type { Position } from '../../protocol/member-protocol.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import { CopyMeter } from '../copy-meter.ts';
import { type EngineReport, type EngineProblem, problemFields } from '../managed-engine.ts';
import type { ReplicationTarget, Following } from './replication-history.ts';
import type { DataRetention } from './data-retention.ts';
import { dataProblem, diskProblem, fullDisk } from './problems.ts';
import { pingSeconds } from './server-config.ts';
import type { ServerInfo } from './server-info.ts';

/** After how long without a link the reason is looked up, and how often. Milliseconds. */
const patienceMs = 2_000;
const checkEveryMs = 5_000;

export interface ReportInputs {
  target: ReplicationTarget;
  retention: DataRetention;
  /** How many followers the server needs to take a write. */
  acks: number;
  position: Position | undefined;
  /** Its data were discarded, and the copy of the leader has failed. */
  hasCopyFailed: boolean;
  /** The server has not taken over what a Secret holds now. */
  accessProblems: (EngineProblem | undefined)[];
  /** What is wrong with a leader besides. */
  leaderProblems: (EngineProblem | undefined)[];
}

/** Builds a report from the state of the server and what the engine knows besides. */
export class ReportBuilder {
  readonly #context: EngineContext;
  readonly #checkLogin: (target: Following) => Promise<EngineProblem | undefined>;
  /** When the server was last seen linked, or was setProblem to link; and its target then. Monotonic milliseconds. */
  #link: { target: Following; at: number; seen: boolean } | undefined;
  readonly #copy: CopyMeter;
  #checkedAt = -Infinity;
  #linkProblem: EngineProblem | undefined;
  #closed = false;

  constructor(
    context: EngineContext,
    checkLogin: (target: Following) => Promise<EngineProblem | undefined>,
  ) {
    this.#context = context;
    this.#copy = new CopyMeter(context.clock);
    this.#checkLogin = checkLogin;
  }

  close(): void {
    this.#closed = true;
  }

  async report(info: ServerInfo, inputs: ReportInputs): Promise<EngineReport> {
    const { retention, position } = inputs;
    const problems = await this.#problems(info, inputs);
    return {
      ...this.#role(info, inputs),
      ...(position === undefined ? {} : { position }),
      ...(retention.now.held && retention.isAheadOfDisk ? { durable: false } : {}),
      ...(retention.now.loss === undefined ? {} : { loss: retention.now.loss }),
      ...problemFields(problems),
    };
  }

  #role(info: ServerInfo, inputs: ReportInputs): EngineReport {
    const { target, retention, acks } = inputs;
    if (target.kind === 'following') return this.#following(info, target, inputs);
    this.#link = undefined;
    this.#linkProblem = undefined;
    this.#copy.end();
    if (target.kind === 'leading') {
      return { state: 'Leading', sync: { ...target.sync, acks } };
    }
    if (info.loading) return { state: 'Starting' };
    return { state: retention.now.held ? 'Detached' : 'Empty' };
  }

  #following(
    info: ServerInfo,
    target: Following,
    { retention, position, hasCopyFailed }: ReportInputs,
  ): EngineReport {
    const leader = target.order.leader.member;
    const at = this.#context.clock.now();
    const { linked = false, syncing = false, silentSeconds = 0 } = info.master ?? {};
    if (linked || this.#link?.target !== target) this.#link = { target, at, seen: linked };
    this.#noteCopy(info);
    const copying = hasCopyFailed || info.loading || syncing || !retention.now.held;
    // Never linked, and no data that a leader could continue: it can only be copied.
    if (copying || (target.link === 'none' && position === undefined)) {
      const { report: copy } = this.#copy;
      return { state: 'Cloning', leader, ...(copy === undefined ? {} : { copy }) };
    }
    // The leader pings at least each second, and all that it has sent is applied: a shorter silence is no sign of a lag.
    const silentMs = silentSeconds > pingSeconds ? silentSeconds * 1_000 : 0;
    const lagMs = linked ? silentMs : this.#link.seen ? at - this.#link.at : undefined;
    return { state: 'Following', leader, linked, ...(lagMs === undefined ? {} : { lagMs }) };
  }

  /** What was transferred is then loaded from the disk: that is a part of the copy. */
  #noteCopy({ loading, master }: ServerInfo): void {
    const { copied } = master ?? {};
    if (copied !== undefined) this.#copy.note(copied.bytes, copied.totalBytes);
    else if (!loading) this.#copy.end();
  }

  /** The most urgent first. */
  async #problems(info: ServerInfo, inputs: ReportInputs): Promise<(EngineProblem | undefined)[]> {
    const { target, retention, accessProblems, leaderProblems } = inputs;
    const { diskError } = info;
    const ofDisk =
      diskError === undefined
        ? undefined
        : await diskProblem(diskError, dataDir(this.#context.config));
    const isRedirected = target.kind === 'detached' && target.wasRedirected === true;
    const redirected: EngineProblem | undefined = isRedirected
      ? {
          reason: 'RoleChanged',
          message:
            'another client has sent REPLICAOF to the server: only this agent may do that; check who has the password',
        }
      : undefined;
    const ofState: EngineProblem | undefined =
      retention.problem === undefined
        ? undefined
        : { reason: 'StateFile', message: retention.problem };
    if (target.kind === 'following' && info.master?.linked === false) this.#check(target);
    else this.#linkProblem = undefined;
    const ofData = dataProblem(retention.now, info, target, inputs.position);
    const ofServer = [ofDisk, redirected, ofState];
    return [...ofServer, this.#linkProblem, ...accessProblems, ofData, ...leaderProblems];
  }

  /** Looks up in the background why there is no link; the result is in a later report. */
  #check(target: Following): void {
    const now = this.#context.clock.now();
    const since = this.#link?.at ?? now;
    if (this.#closed || now - since < patienceMs || now - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = now;
    const setProblem = (problem: EngineProblem | undefined) => {
      if (this.#link?.target === target) this.#linkProblem = problem;
    };
    this.#whyNoLink(target).then(setProblem, () => {});
  }

  async #whyNoLink(target: Following): Promise<EngineProblem | undefined> {
    const problem = await this.#checkLogin(target);
    // The leader can be reached; but a copy needs space for the transferred file.
    return problem ?? fullDisk('no copy of the leader', dataDir(this.#context.config));
  }
}
