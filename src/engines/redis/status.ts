import type { Position } from '../../protocol/member-protocol.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import type { EngineProblem, EngineReport } from '../managed-engine.ts';
import type { ReplicationTarget, Following } from './replication-history.ts';
import { type Access, checkLeader } from './upstream.ts';
import type { DataRetention } from './data-retention.ts';
import { dataProblem, diskProblem, fullDisk } from './problems.ts';
import { pingSeconds } from './server-config.ts';
import type { ServerInfo } from './server-info.ts';

/** How long a link may be missing before it is asked why, and how often. Milliseconds. */
const patienceMs = 2_000;
const checkEveryMs = 5_000;

export interface Circumstances {
  course: ReplicationTarget;
  custody: DataRetention;
  /** How many followers the server needs to take a write. */
  acks: number;
  position: Position | undefined;
  /** Its data are gone, and those of the leader have not come. */
  torn: boolean;
}

/** Puts into a report what the server says, and what is known besides. */
export class StatusReporter {
  readonly #context: EngineContext;
  readonly #access: Access;
  /** When the server was last seen to be linked, or was told to link; and to whom. Monotonic milliseconds. */
  #link: { course: Following; at: number; seen: boolean } | undefined;
  #checkedAt = -Infinity;
  #linkProblem: EngineProblem | undefined;
  #closed = false;

  constructor(context: EngineContext, access: Access) {
    this.#context = context;
    this.#access = access;
  }

  close(): void {
    this.#closed = true;
  }

  async report(info: ServerInfo, circumstances: Circumstances): Promise<EngineReport> {
    const { custody, position } = circumstances;
    const problem = await this.#problem(info, circumstances);
    return {
      ...this.#role(info, circumstances),
      ...(position === undefined ? {} : { position }),
      ...(custody.now.held && custody.isAheadOfDisk ? { durable: false } : {}),
      ...(custody.now.loss === undefined ? {} : { loss: custody.now.loss }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #role(info: ServerInfo, circumstances: Circumstances): EngineReport {
    const { course, custody, acks } = circumstances;
    if (course.kind === 'following') return this.#following(info, course, circumstances);
    this.#link = undefined;
    this.#linkProblem = undefined;
    if (course.kind === 'leading') {
      return { state: 'Leading', sync: { ...course.sync, acks } };
    }
    if (info.loading) return { state: 'Starting' };
    return { state: custody.now.held ? 'Detached' : 'Empty' };
  }

  #following(
    info: ServerInfo,
    course: Following,
    { custody, position, torn }: Circumstances,
  ): EngineReport {
    const leader = course.order.leader.member;
    const at = this.#context.clock.now();
    const { linked = false, syncing = false, silentSeconds = 0 } = info.master ?? {};
    if (linked || this.#link?.course !== course) this.#link = { course, at, seen: linked };
    const copying = torn || info.loading || syncing || !custody.now.held;
    // Never linked, and nothing that a leader could go on from: it can only be copied.
    if (copying || (course.link === 'none' && position === undefined)) {
      return { state: 'Cloning', leader };
    }
    // The leader speaks at least each second, and all it has said is applied: a shorter silence is no sign of a lag.
    const silentMs = silentSeconds > pingSeconds ? silentSeconds * 1_000 : 0;
    const lagMs = linked ? silentMs : this.#link.seen ? at - this.#link.at : undefined;
    return { state: 'Following', leader, linked, ...(lagMs === undefined ? {} : { lagMs }) };
  }

  async #problem(
    info: ServerInfo,
    circumstances: Circumstances,
  ): Promise<EngineProblem | undefined> {
    const { course, custody } = circumstances;
    if (info.diskError !== undefined) {
      return diskProblem(info.diskError, dataDir(this.#context.config));
    }
    if (course.kind === 'nowhere' && course.strayed === true) {
      return {
        reason: 'RoleChanged',
        message:
          'somebody else has sent REPLICAOF to the server: let nobody do that but this agent, and see who has the password',
      };
    }
    if (custody.problem !== undefined) return { reason: 'StateFile', message: custody.problem };
    if (course.kind === 'following' && info.master?.linked === false) this.#check(course);
    else this.#linkProblem = undefined;
    return this.#linkProblem ?? dataProblem(custody.now, info, course, circumstances.position);
  }

  /** Looks in the background why there is no link; the answer is in a later report. */
  #check(course: Following): void {
    const now = this.#context.clock.now();
    const since = this.#link?.at ?? now;
    if (this.#closed || now - since < patienceMs || now - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = now;
    const told = (problem: EngineProblem | undefined) => {
      if (this.#link?.course === course) this.#linkProblem = problem;
    };
    this.#whyNoLink(course).then(told, () => {});
  }

  async #whyNoLink({ order }: Following): Promise<EngineProblem | undefined> {
    const problem = await checkLeader(order.leader, this.#access);
    // The leader is there; but a copy needs room for the file that it comes in.
    return problem ?? fullDisk('no copy of the leader', dataDir(this.#context.config));
  }
}
