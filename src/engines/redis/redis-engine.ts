import { tlsFolder } from '../../api/agent-config.ts';
import { HAError } from '../../api/errors.ts';
import type { Order } from '../../api/member-protocol.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import type { Ending, EngineReport, ManagedEngine } from '../managed-engine.ts';
import { type Arrival, type Course, type Following, Lineage, isOf } from './course.ts';
import { dropKept, findData, keepData } from './data-files.ts';
import { lossOf, riskOf } from './losses.ts';
import { Memory } from './memory.ts';
import { Reporter } from './reporter.ts';
import { Server } from './server.ts';
import { nowhere } from './server-config.ts';
import type { ServerInfo } from './server-info.ts';

/**
 * How long a follower may keep silent before the leader does not count it any more. Followers speak up each second, and the
 * leader counts in whole seconds, so that 1 would refuse writes for a hiccup. In the time between, a leader that is cut off
 * goes on to answer clients that do not ask WAIT: their writes are not among those that Strong promises to keep.
 */
const maxLagSeconds = 2;

const toNowhere = ['REPLICAOF', nowhere.host, String(nowhere.port)];
/** Kept connections of clients outlive a repoint of their Service; those of followers would go on with this member's log. */
const dropClients = ['normal', 'pubsub', 'replica'].map((type) => [
  ...['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'],
]);

/**
 * Runs a Redis or Valkey server, 7.0 or later.
 *
 * How a fence works: REPLICAOF closes the connection to the old leader before it answers, and throws away what it has read
 * and not applied. What the old leader hears after that was sent before, and says of the offset no more than what is still
 * held; so it can count this member for no write (WAIT, min-replicas-to-write) beyond the position that is reported then.
 *
 * Strong promises what WAIT has confirmed: min-replicas-to-write looks at how long ago followers spoke, not at the write.
 */
export class RedisEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  readonly #context: EngineContext;
  readonly #dir: string;
  readonly #server: Server;
  readonly #reporter: Reporter;
  readonly #lineage = new Lineage();
  #memory: Memory | undefined;
  #course: Course = { kind: 'nowhere' };
  /** Clients may be connected that think this is the leader. */
  #hasClients = false;
  /** Orders under way: how things are may not be what is wanted. */
  #orders = 0;

  constructor(context: EngineContext, options: { tlsFolder?: string } = {}) {
    this.#context = context;
    this.#dir = dataDir(context.config);
    const tls =
      context.config.engine.tls === undefined ? undefined : (options.tlsFolder ?? tlsFolder);
    this.#server = new Server(context, tls);
    this.#reporter = new Reporter(context, tls);
    this.ended = this.#server.ended;
  }

  async start(signal: AbortSignal): Promise<void> {
    const memory = await Memory.open(this.#dir, (await findData(this.#dir)) !== 'none');
    await this.#server.launch(signal);
    this.#memory = memory;
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const memory = this.#memory;
    if (memory === undefined || !this.#server.ready) return { state: 'Starting' };
    const course = this.#course;
    const { info, acks } = await this.#server.ask(signal);
    this.#see(info, course);
    if (this.#orders === 0 && course === this.#course && hasStrayed(info, course)) {
      await this.#bringBack(signal);
    }
    return this.#reporter.report(info, {
      ...{ memory, acks, course: this.#orders === 0 ? this.#course : course },
      position: this.#lineage.position(info),
      torn: this.#lineage.torn,
    });
  }

  promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (memory) => {
      const { epoch, init, sync = { members: [], acks: 0 } } = order;
      this.#see(await this.#server.info(signal), this.#course);
      if (!memory.now.held && !init) {
        throw new HAError('HA_ERR_MEMBER_EMPTY', `${order.member} cannot lead`);
      }
      if (this.#lineage.torn) await this.#backToDisk(signal);
      const least = ['min-replicas-to-write', String(sync.acks)];
      const longest = ['min-replicas-max-lag', String(maxLagSeconds)];
      // Both before it takes the first write.
      await Promise.all([
        memory.set({ held: true, lost: false, ledIn: epoch, ledUntil: undefined }),
        this.#server.call([['CONFIG', 'SET', ...least, ...longest]], signal),
      ]);
      this.#hasClients = true;
      const { before } = await this.#server.order([['REPLICAOF', 'NO', 'ONE']], signal);
      this.#see(before, this.#course);
      this.#lineage.lead(epoch);
      this.#course = { kind: 'leading', epoch, members: sync.members };
      await memory.set({ cloning: undefined, kept: undefined });
      await dropKept(this.#dir, memory.now.loss?.epoch);
    });
  }

  follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (memory) => {
      const { leader, epoch } = order;
      const known = this.#course;
      const now = await this.#server.info(signal);
      this.#see(now, known);
      const same = known.kind === 'following' && known.order.epoch === epoch;
      if (same && isOf(now, { ...known, order })) {
        known.order = order;
        return;
      }
      if (known.kind === 'leading' || this.#hasClients) await this.#fence(memory, signal);
      await this.#keepWhatMayBeLost(memory, order, signal);
      await memory.set({ cloning: epoch });
      const { before, after } = await this.#server.order(
        [['REPLICAOF', leader.host, String(leader.port)]],
        signal,
      );
      this.#see(before, this.#course);
      const course: Following = { kind: 'following', order, replid: before.replid, link: 'none' };
      this.#course = course;
      this.#see(after, course);
    });
  }

  fence(signal: AbortSignal): Promise<void> {
    return this.#obey((memory) => this.#fence(memory, signal));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#reporter.close();
    await this.#server.stop(signal);
  }

  kill(): void {
    this.#reporter.close();
    this.#server.kill();
  }

  async #obey(order: (memory: Memory) => Promise<void>): Promise<void> {
    if (this.#memory === undefined) {
      throw new HAError('HA_ERR_PROBE_REFUSED', 'the server has not started yet');
    }
    this.#orders++;
    try {
      await order(this.#memory);
    } finally {
      this.#orders--;
    }
  }

  async #fence(memory: Memory, signal: AbortSignal): Promise<void> {
    const course = this.#course;
    const led = course.kind === 'leading' || this.#hasClients;
    const commands = led ? [toNowhere, ...dropClients] : [toNowhere];
    const { before, after } = await this.#server.order(commands, signal);
    this.#see(before, course);
    this.#see(after, course);
    this.#course = { kind: 'nowhere' };
    this.#hasClients = false;
    if (after.master === undefined || after.master.linked || after.master.port !== nowhere.port) {
      throw new HAError('HA_ERR_PROBE_ANSWER', 'the server did not let go of its leader');
    }
    if (course.kind === 'leading') await memory.set({ ledUntil: after.offset });
    if (this.#lineage.torn) await this.#backToDisk(signal);
  }

  /** The data in memory are worth nothing; those on the disk are the ones from before. */
  async #backToDisk(signal: AbortSignal): Promise<void> {
    this.#context.log.warn({}, 'the copy of the leader failed: back to the data from before it');
    await this.#server.restart(signal);
    this.#lineage.forget();
    this.#course = { kind: 'nowhere' };
  }

  /** Acts on what the server said of itself while it was on a course. */
  #see(info: ServerInfo, course: Course): void {
    const arrival = this.#lineage.see(info, course);
    const memory = this.#memory;
    if (memory === undefined || course.kind !== 'following') return;
    const settled = async () => {
      if (arrival !== undefined) await this.#arrive(memory, course, arrival);
      // Until its log is written anew, a restart would bring back what was before.
      const copied = course.link !== 'none' && info.master?.linked === true && !info.rewriting;
      if (copied && memory.now.cloning !== undefined) await memory.set({ cloning: undefined });
    };
    settled().catch((error: unknown) => {
      this.#context.log.error({ error }, 'what was learned of the data could not be written down');
    });
  }

  async #arrive(memory: Memory, { order }: Following, arrival: Arrival): Promise<void> {
    const { kept } = memory.now;
    const lost = arrival === 'replaced' && kept !== undefined;
    const loss = lost ? lossOf(order.epoch, kept.ahead, kept.folder) : memory.now.loss;
    if (lost) this.#context.log.warn({ loss }, 'its data were replaced by those of the leader');
    await memory.set({
      ...{ held: true, lost: false, ledIn: 0, ledUntil: undefined, kept: undefined, loss },
    });
    if (kept !== undefined) await dropKept(this.#dir, lost ? kept.epoch : memory.now.loss?.epoch);
  }

  async #keepWhatMayBeLost(
    memory: Memory,
    order: Order<'follow'>,
    signal: AbortSignal,
  ): Promise<void> {
    // What was kept before a copy that did not succeed is what counts; what there is now may be half of it.
    if (memory.now.kept !== undefined) return;
    const info = await this.#server.info(signal);
    const risk = riskOf(order, this.#lineage.position(info), memory.now);
    if (risk === undefined) return;
    const folder = await keepData(this.#dir, order.epoch);
    await memory.set({ kept: { epoch: order.epoch, folder, ahead: risk.ahead } });
  }

  /** Only the operator says whom it follows. Everything else than that is undone. */
  async #bringBack(signal: AbortSignal): Promise<void> {
    this.#context.log.error({}, 'somebody else has sent REPLICAOF to the server: it is fenced');
    // Before anything is awaited: an order that comes now counts more.
    this.#course = { kind: 'nowhere', strayed: true };
    this.#lineage.forget();
    await this.#server.call([toNowhere, ...dropClients], signal);
  }
}

function hasStrayed(info: ServerInfo, course: Course): boolean {
  switch (course.kind) {
    case 'leading':
      return info.master !== undefined;
    case 'following':
      return !isOf(info, course);
    case 'nowhere':
      return info.master?.port !== nowhere.port;
  }
}
