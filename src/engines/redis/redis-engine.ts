import { tlsFolder } from '../../protocol/agent-config.ts';
import { HAError } from '../../api/errors.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { type EngineContext, dataDir } from '../engine-context.ts';
import type { Ending, EngineProblem, EngineReport, ManagedEngine } from '../managed-engine.ts';
import {
  type ReplicationTarget,
  type Following,
  ReplicationHistory,
  isFollowing,
  isRedirected,
} from './replication-history.ts';
import { Certificates } from './certificates.ts';
import { DataRetention } from './data-retention.ts';
import { dropClients, serveStale, followNobody } from './commands.ts';
import { noteDiskState } from './disk-state.ts';
import { sendRest } from './hand-over.ts';
import { LeaderSettings } from './leader-settings.ts';
import { syncAll } from './log-settings.ts';
import { type Access, askHistory } from './upstream.ts';
import { UpstreamLogin } from './upstream-login.ts';
import { ReportBuilder } from './status.ts';
import { ServerPassword } from './password.ts';
import { Server } from './server.ts';
import { noLeader } from './server-config.ts';
import { type ServerInfo, cannotLog } from './server-info.ts';

/**
 * Runs a Redis or Valkey server, 7.0 or later.
 *
 * How a fence works: REPLICAOF closes the connection to the old leader before it answers, and discards received data that are
 * not applied. What the old leader receives after that names no higher offset than what the member still holds. So the old leader
 * can count this member for no write (WAIT, min-replicas-to-write) beyond the position that the member reports then.
 *
 * Strong promises to retain writes that WAIT has confirmed: min-replicas-to-write only checks when followers last answered.
 */
export class RedisEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  readonly #context: EngineContext;
  readonly #access: Access;
  readonly #server: Server;
  readonly #password: ServerPassword;
  readonly #reports: ReportBuilder;
  readonly #settings: LeaderSettings;
  readonly #login: UpstreamLogin;
  readonly #history = new ReplicationHistory();
  #retention: DataRetention | undefined;
  readonly #certificates: Certificates | undefined;
  #target: ReplicationTarget = { kind: 'detached' };
  /** Clients may be connected that take it for the leader. */
  #hasClients = false;
  /** How many orders are in progress: meanwhile the state may differ from the target. */
  #orders = 0;

  constructor(context: EngineContext, options: { tlsFolder?: string } = {}) {
    this.#context = context;
    const { clock, config, passwords } = context;
    if (config.engine.tls !== undefined) {
      this.#certificates = new Certificates(options.tlsFolder ?? tlsFolder, dataDir(config), clock);
    }
    const tls = this.#certificates?.folder;
    this.#access = { service: config.service, passwords, tls };
    this.#server = new Server(context, tls);
    this.#settings = new LeaderSettings(this.#server, this.#access, clock);
    this.#login = new UpstreamLogin(this.#server, this.#access, clock);
    this.#password = new ServerPassword(this.#server, this.#access, this.#login);
    this.#reports = new ReportBuilder(context, (target) =>
      this.#login.check(target, this.#isFollowing(target)),
    );
    this.ended = this.#server.ended;
  }

  get startProblem(): EngineProblem | undefined {
    return this.#server.startProblem;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { config, log } = this.#context;
    const retention = await DataRetention.open(dataDir(config), config.service, log);
    await this.#certificates?.ready((problem) => (this.#server.startProblem = problem), signal);
    await this.#server.launch(signal);
    await this.#settings.readOwn(retention, signal);
    this.#retention = retention;
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const retention = this.#retention;
    if (retention === undefined || !this.#server.ready) return { state: 'Starting' };
    const accessProblems = [
      await this.#password.keep(() => this.#target, signal),
      await this.#certificates?.renew(this.#server, signal),
    ];
    const target = this.#target;
    const { info, acks } = await this.#server.ask(signal);
    this.#update(info, target);
    // The answer does not reflect an order that has come since.
    if (this.#orders === 0 && target === this.#target) {
      if (isRedirected(info, target)) await this.#undoRedirect(signal);
      else await noteDiskState(retention, info, target, this.#history);
      if (target.kind === 'leading') await this.#settings.check(target.sync, signal);
    }
    const reported = this.#orders === 0 ? this.#target : target;
    // Asked before its promotion: followers would be told to expect its predecessor's log.
    const isEarlier = reported.kind === 'leading' && info.master !== undefined;
    return this.#reports.report(info, {
      ...{ retention, acks, target: reported, accessProblems },
      position: isEarlier ? undefined : this.#history.position(info),
      hasCopyFailed: this.#history.hasCopyFailed,
      leaderProblems: reported.kind === 'leading' ? this.#settings.problems : [],
    });
  }

  promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (retention) => {
      const { epoch, init, sync = { members: [], acks: 0 } } = order;
      if (!retention.now.held && !init) {
        throw new HAError('HA_ERR_MEMBER_EMPTY', `${order.member} cannot lead`);
      }
      const now = await this.#server.info(signal);
      this.#update(now, this.#target);
      if (sync.acks > 0 && cannotLog(now)) {
        throw new HAError('HA_ERR_MEMBER_DISK', `${order.member} cannot lead`);
      }
      if (this.#history.hasCopyFailed) await this.#backToDisk(signal);
      if (!this.#history.isKnown) retention.refuseOld(order);
      await retention.setHeld();
      await this.#settings.apply(sync, signal);
      // From here on it may lead, even if interrupted.
      const from = this.#target;
      this.#target = { kind: 'leading', epoch, sync };
      this.#hasClients = true;
      this.#history.lead(epoch);
      const { before } = await this.#server.order([['REPLICAOF', 'NO', 'ONE']], signal);
      this.#update(before, from);
      this.#history.lead(epoch);
      retention.led(epoch);
    });
  }

  follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    return this.#obey(async (retention) => {
      const { host, port } = order.leader;
      const known = this.#target;
      const now = await this.#server.info(signal);
      this.#update(now, known);
      const there = known.kind === 'following' && isFollowing(now, { ...known, order });
      if (there && known.order.epoch === order.epoch) {
        known.order = order;
        return;
      }
      if (!there) {
        // Its position must not change while the loss is computed.
        const detached = await this.#fence(retention, signal);
        const { replid } = detached;
        const position = this.#history.position(detached);
        await retention.prepare(order, { position, replid }, () =>
          askHistory(order.leader, this.#access, signal),
        );
      }
      const login = await this.#login.first(order.leader, signal);
      const commands = [
        ...[serveStale('yes'), await this.#settings.release(signal), login],
        ['REPLICAOF', host, String(port)],
      ];
      const { before, after } = await this.#server.order(commands, signal);
      this.#update(before, this.#target);
      const target: Following = { kind: 'following', order, replid: before.replid, link: 'none' };
      this.#target = target;
      this.#update(after, target);
      this.#login.check(target, this.#isFollowing(target)).catch(() => {});
    });
  }

  async fence(signal: AbortSignal): Promise<void> {
    await this.#obey((retention) => this.#fence(retention, signal));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#reports.close();
    await this.#server.stop(signal);
    await this.#retention?.settled();
  }

  kill(): void {
    this.#reports.close();
    this.#server.kill();
  }

  async #obey<T>(order: (retention: DataRetention) => Promise<T>): Promise<T> {
    if (this.#retention === undefined) {
      throw new HAError('HA_ERR_PROBE_REFUSED', 'the server has not started');
    }
    this.#orders++;
    try {
      return await order(this.#retention);
    } finally {
      this.#orders--;
    }
  }

  /** @returns the state afterwards */
  async #fence(retention: DataRetention, signal: AbortSignal): Promise<ServerInfo> {
    const target = this.#target;
    const isLeader = target.kind === 'leading';
    const resume = isLeader ? [await sendRest(this.#server, this.#context.clock, signal)] : [];
    // A server that must sync but cannot ends, and loses acknowledged data that are only in memory.
    const sync = cannotLog(await this.#server.info(signal)) ? [] : [syncAll];
    const refuse = [serveStale('no'), followNobody, ...sync, ...resume];
    const commands = this.#hasClients ? [...refuse, ...dropClients] : refuse;
    const { before, after } = await this.#server.order(commands, signal);
    this.#update(before, target);
    this.#update(after, target);
    this.#target = { kind: 'detached' };
    this.#hasClients = false;
    if (after.master === undefined || after.master.linked || after.master.port !== noLeader.port) {
      throw new HAError('HA_ERR_PROBE_ANSWER', 'the server still follows its leader');
    }
    if (isLeader) retention.fenced(after.offset);
    if (!this.#history.hasCopyFailed) return after;
    await this.#backToDisk(signal);
    return this.#server.info(signal);
  }

  readonly #isFollowing = (target: Following) => () => this.#target === target;

  /** Those in memory are worthless; those on the disk are from before the copy. */
  async #backToDisk(signal: AbortSignal): Promise<void> {
    const { log } = this.#context;
    log.warn({}, 'copying the leader has failed: the server restarts with the former data');
    await this.#server.restart(signal);
    this.#history.forget();
    this.#target = { kind: 'detached' };
  }

  /** Acts on the state that it has reported while it had this target. */
  #update(info: ServerInfo, target: ReplicationTarget): void {
    const resync = this.#history.update(info, target);
    if (target.kind === 'following' && resync !== undefined) {
      this.#retention?.linked(target.order, resync);
    }
  }

  /** Only the operator decides whom it follows. Any other change is undone. */
  async #undoRedirect(signal: AbortSignal): Promise<void> {
    this.#context.log.error({}, 'another client has sent REPLICAOF to the server: fencing it');
    // Before any await: an order that comes in between wins.
    this.#target = { kind: 'detached', wasRedirected: true };
    this.#history.forget();
    await this.#server.call([serveStale('no'), followNobody, ...dropClients], signal);
  }
}
