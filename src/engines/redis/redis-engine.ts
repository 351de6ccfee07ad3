import { tlsFolder } from '../../protocol/agent-config.ts';
import { HAError } from '../../api/errors.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import type { Ending, EngineReport, ManagedEngine } from '../managed-engine.ts';
import {
  type ReplicationTarget,
  type Following,
  ReplicationHistory,
  isOf,
} from './replication-history.ts';
import { DataRetention } from './data-retention.ts';
import { dropClients, maxLagSeconds, serveStale, setSync, syncAll, toNowhere } from './commands.ts';
import { type Access, historyOf } from './upstream.ts';
import { StatusReporter } from './status.ts';
import { Server } from './server.ts';
import { nowhere } from './server-config.ts';
import { type ServerInfo, cannotLog } from './server-info.ts';

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
  readonly #access: Access;
  readonly #server: Server;
  readonly #reporter: StatusReporter;
  readonly #lineage = new ReplicationHistory();
  #custody: DataRetention | undefined;
  #course: ReplicationTarget = { kind: 'nowhere' };
  /** Clients may be connected that think this is the leader. */
  #hasClients = false;
  /** appendfsync as the user has it: what a follower goes by, and a leader that needs no acknowledgement. */
  #ownSync = 'everysec';
  /** Orders under way: how things are may not be what is wanted. */
  #orders = 0;

  constructor(context: EngineContext, options: { tlsFolder?: string } = {}) {
    this.#context = context;
    const tls =
      context.config.engine.tls === undefined ? undefined : (options.tlsFolder ?? tlsFolder);
    this.#access = { password: context.password, tls };
    this.#server = new Server(context, tls);
    this.#reporter = new StatusReporter(context, this.#access);
    this.ended = this.#server.ended;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { config, log } = this.#context;
    const custody = await DataRetention.open(dataDir(config), config.service, log);
    await this.#server.launch(signal);
    this.#ownSync = await this.#askSync(signal);
    this.#custody = custody;
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const custody = this.#custody;
    if (custody === undefined || !this.#server.ready) return { state: 'Starting' };
    const course = this.#course;
    const { info, acks } = await this.#server.ask(signal);
    this.#see(info, course);
    // Of an order that has come since, the answer knows nothing.
    if (this.#orders === 0 && course === this.#course) {
      if (hasStrayed(info, course)) await this.#bringBack(signal);
      else if (this.#isWritten(info, course)) custody.written();
      else if (cannotLog(info)) custody.unwritten();
      else if (course.kind === 'following' && info.rewriting) await custody.noticeCopy();
    }
    return this.#reporter.report(info, {
      ...{ custody, acks, course: this.#orders === 0 ? this.#course : course },
      position: this.#lineage.position(info),
      torn: this.#lineage.torn,
    });
  }

  promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (custody) => {
      const { epoch, init, sync = { members: [], acks: 0 } } = order;
      if (!custody.now.held && !init) {
        throw new HAError('HA_ERR_MEMBER_EMPTY', `${order.member} cannot lead`);
      }
      const now = await this.#server.info(signal);
      this.#see(now, this.#course);
      if (sync.acks > 0 && cannotLog(now)) {
        throw new HAError('HA_ERR_MEMBER_DISK', `${order.member} cannot lead`);
      }
      if (this.#lineage.torn) await this.#backToDisk(signal);
      // An order may have been meant for the process before this one, which had more.
      const isOld = custody.isAheadOfDisk && !this.#lineage.isKnown;
      if (isOld && order.acceptOld !== true) {
        const why = 'it ended while a copy of its leader was not on its disk yet';
        throw new HAError('HA_ERR_MEMBER_OLD', `${order.member} cannot lead: ${why}`);
      }
      await custody.begin();
      const least = ['min-replicas-to-write', String(sync.acks)];
      const longest = ['min-replicas-max-lag', String(maxLagSeconds)];
      const policy = sync.acks > 0 ? syncAll : setSync(this.#ownSync);
      await this.#server.call([['CONFIG', 'SET', ...least, ...longest], policy], signal);
      // From here on it may lead, even if the order is cut off.
      const from = this.#course;
      this.#course = { kind: 'leading', epoch, sync };
      this.#hasClients = true;
      this.#lineage.lead(epoch);
      const { before } = await this.#server.order([['REPLICAOF', 'NO', 'ONE']], signal);
      this.#see(before, from);
      this.#lineage.lead(epoch);
      custody.led(epoch);
    });
  }

  follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (custody) => {
      const { host, port } = order.leader;
      const known = this.#course;
      const now = await this.#server.info(signal);
      this.#see(now, known);
      const there = known.kind === 'following' && isOf(now, { ...known, order });
      if (there && known.order.epoch === order.epoch) {
        known.order = order;
        return;
      }
      if (!there) {
        // Its position must stand still while it is weighed what it may lose.
        const detached = await this.#fence(custody, signal);
        const { replid } = detached;
        const position = this.#lineage.position(detached);
        await custody.prepare(order, { position, replid }, () =>
          historyOf(order.leader, this.#access),
        );
      }
      const commands = [
        ...[serveStale('yes'), setSync(this.#ownSync)],
        ['REPLICAOF', host, String(port)],
      ];
      const { before, after } = await this.#server.order(commands, signal);
      this.#see(before, this.#course);
      const course: Following = { kind: 'following', order, replid: before.replid, link: 'none' };
      this.#course = course;
      this.#see(after, course);
    });
  }

  async fence(signal: AbortSignal): Promise<void> {
    await this.#obey((custody) => this.#fence(custody, signal));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#reporter.close();
    await this.#server.stop(signal);
    await this.#custody?.settled();
  }

  kill(): void {
    this.#reporter.close();
    this.#server.kill();
  }

  async #obey<T>(order: (custody: DataRetention) => Promise<T>): Promise<T> {
    if (this.#custody === undefined) {
      throw new HAError('HA_ERR_PROBE_REFUSED', 'the server has not started yet');
    }
    this.#orders++;
    try {
      return await order(this.#custody);
    } finally {
      this.#orders--;
    }
  }

  /** @returns how it is then */
  async #fence(custody: DataRetention, signal: AbortSignal): Promise<ServerInfo> {
    const course = this.#course;
    // A server that must sync and cannot ends, and what it has acknowledged from memory with it.
    const sync = cannotLog(await this.#server.info(signal)) ? [] : [syncAll];
    const refuse = [serveStale('no'), toNowhere, ...sync];
    const commands = this.#hasClients ? [...refuse, ...dropClients] : refuse;
    const { before, after } = await this.#server.order(commands, signal);
    this.#see(before, course);
    this.#see(after, course);
    this.#course = { kind: 'nowhere' };
    this.#hasClients = false;
    if (after.master === undefined || after.master.linked || after.master.port !== nowhere.port) {
      throw new HAError('HA_ERR_PROBE_ANSWER', 'the server did not let go of its leader');
    }
    if (course.kind === 'leading') custody.fenced(after.offset);
    if (!this.#lineage.torn) return after;
    await this.#backToDisk(signal);
    return this.#server.info(signal);
  }

  async #askSync(signal: AbortSignal): Promise<string> {
    const [answer] = await this.#server.call([['CONFIG', 'GET', 'appendfsync']], signal);
    return String((answer as unknown[])[1]);
  }

  /** The data in memory are worth nothing; those on the disk are the ones from before. */
  async #backToDisk(signal: AbortSignal): Promise<void> {
    this.#context.log.warn({}, 'the copy of the leader failed: back to the data from before it');
    await this.#server.restart(signal);
    this.#lineage.forget();
    this.#course = { kind: 'nowhere' };
  }

  /** Acts on what the server said of itself while it was on a course. */
  #see(info: ServerInfo, course: ReplicationTarget): void {
    const arrival = this.#lineage.see(info, course);
    if (course.kind === 'following' && arrival !== undefined) {
      this.#custody?.arrived(course.order, arrival);
    }
  }

  /**
   * Whether all that is in memory is on the disk as well: its log is on, and is not being written anew; and no copy can come in
   * the next moment, nor is what is in memory what a restart has found.
   */
  #isWritten(info: ServerInfo, course: ReplicationTarget): boolean {
    if (info.loading || !info.logging || info.rewriting || cannotLog(info)) return false;
    return course.kind === 'following'
      ? course.link !== 'none' && info.master?.linked === true
      : this.#lineage.isKnown;
  }

  /** Only the operator says whom it follows. Everything else than that is undone. */
  async #bringBack(signal: AbortSignal): Promise<void> {
    this.#context.log.error({}, 'somebody else has sent REPLICAOF to the server: it is fenced');
    // Before anything is awaited: an order that comes now counts more.
    this.#course = { kind: 'nowhere', strayed: true };
    this.#lineage.forget();
    await this.#server.call([serveStale('no'), toNowhere, ...dropClients], signal);
  }
}

function hasStrayed(info: ServerInfo, course: ReplicationTarget): boolean {
  switch (course.kind) {
    case 'leading':
      return info.master !== undefined;
    case 'following':
      return !isOf(info, course);
    case 'nowhere':
      return info.master?.port !== nowhere.port;
  }
}
