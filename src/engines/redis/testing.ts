import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import { agentConfigSchema } from '../../protocol/agent-config.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type EngineContext, type Passwords, fixedPassword } from '../engine-context.ts';
import type { EngineReport } from '../managed-engine.ts';
import { freePort } from '../../member-client/testing.ts';
import { RedisEngine } from './redis-engine.ts';

export interface MemberOptions {
  password?: string;
  passwords?: Passwords;
  /** Folder of the certificates. */
  tls?: string;
  args?: string[];
  clock?: Clock;
}

const open = new Set<TestMember>();

/** Called at the end of each test file: a test that timed out has not closed its servers. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((member) => member.close()));
}

/** A member on this machine: a real server, managed as the agent would. */
export class TestMember {
  readonly name: string;
  readonly dir: string;
  readonly port: number;
  readonly #options: MemberOptions;
  readonly #clients: Redis[] = [];
  engine: RedisEngine;

  private constructor(name: string, dir: string, port: number, options: MemberOptions) {
    this.name = name;
    this.dir = dir;
    this.port = port;
    this.#options = options;
    this.engine = this.#newEngine();
    open.add(this);
  }

  static async create(name: string, options: MemberOptions = {}): Promise<TestMember> {
    const dir = await mkdtemp(join(tmpdir(), 'redis-test-'));
    return new TestMember(name, dir, await freePort(), options);
  }

  async start(): Promise<void> {
    await this.engine.start(soon());
  }

  report(): Promise<EngineReport> {
    return this.engine.report(soon());
  }

  promote(epoch: number, order: Partial<Order<'promote'>> = {}): Promise<void> {
    const whole = { member: this.name, epoch, reason: 'test', init: false, ...order };
    return this.engine.promote(whole, soon());
  }

  /** `history`: as the operator names it, in reports of the leader. */
  follow(
    leader: { name: string; port: number; replicationUser?: boolean },
    epoch: number,
    start?: number,
    history?: string,
    signal = soon(),
  ): Promise<void> {
    const { name, port, replicationUser } = leader;
    const order = {
      ...{ member: this.name, epoch, reason: 'test' },
      leader: {
        ...{ member: name, host: '127.0.0.1', port },
        ...(replicationUser === undefined ? {} : { replicationUser }),
      },
      ...(start === undefined ? {} : { start }),
      ...(history === undefined ? {} : { history }),
    };
    return this.engine.follow(order, signal);
  }

  fence(): Promise<void> {
    return this.engine.fence(soon());
  }

  /** A client of the program, as any other pod would be. */
  async client(options: { password?: string; ca?: Buffer } = {}): Promise<Redis> {
    const { password = this.#options.password, ca } = options;
    const redis = new Redis({
      ...{ host: '127.0.0.1', port: this.port, lazyConnect: true, retryStrategy: () => null },
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { tls: { ca, checkServerIdentity: () => undefined } }),
    });
    redis.on('error', () => {});
    this.#clients.push(redis);
    await redis.connect();
    return redis;
  }

  async pid(): Promise<number> {
    const redis = await this.client();
    return Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  }

  /** Polls the report, as the operator does, until it satisfies `wished`. */
  async until(
    what: string,
    wished: (report: EngineReport) => boolean,
    deadlineMs = 10_000,
  ): Promise<EngineReport> {
    const deadline = systemClock.now() + deadlineMs;
    for (;;) {
      const report = await this.report();
      if (wished(report)) return report;
      if (systemClock.now() > deadline) {
        throw new Error(`${this.name} is not ${what}: ${JSON.stringify(report)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  linked(): Promise<EngineReport> {
    return this.until(
      'linked',
      ({ linked, position }) => linked === true && position !== undefined,
    );
  }

  /**
   * Kills the agent's engine and its server, and starts both again on the same volume.
   * @param change changes its files meanwhile
   */
  async restart(change?: () => Promise<void>): Promise<void> {
    await this.kill();
    await change?.();
    this.engine = this.#newEngine();
    await this.start();
  }

  /** SIGKILL; resolves when the server is gone. */
  async kill(): Promise<void> {
    await this.engine.stop(AbortSignal.abort());
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.kill();
    open.delete(this);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #newEngine(): RedisEngine {
    const { password, passwords, tls, args = [], clock = systemClock } = this.#options;
    const engine = {
      ...{ type: 'Redis', dataDir: this.dir },
      ...(tls === undefined ? {} : { tls: { secretName: 'test' } }),
    };
    const context: EngineContext = {
      config: agentConfigSchema.parse({
        ...{ service: 'test', engine, port: this.port, agentPort: 1 },
        args: ['redis-server', '--logfile', join(this.dir, 'log'), ...args],
      }),
      pod: { name: this.name, uid: undefined, ip: '127.0.0.1' },
      passwords: passwords ?? fixedPassword(password),
      env: process.env,
      clock,
      log: { info() {}, warn() {}, error() {} },
    };
    return new RedisEngine(context, tls === undefined ? {} : { tlsFolder: tls });
  }
}

/** At least three members. */
export type Members = [TestMember, TestMember, TestMember] & AsyncDisposable;

/** Members that are closed at the end of the test. */
export async function members(names: string[], options: MemberOptions = {}): Promise<Members> {
  const all = await Promise.all(names.map((name) => TestMember.create(name, options)));
  await Promise.all(all.map((member) => member.start()));
  return Object.assign(all as [TestMember, TestMember, TestMember], {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((member) => member.close()));
    },
  });
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

/** Whether a server is installed to test with. */
export const haveServer = (() => {
  try {
    execFileSync('redis-server', ['--version'], { timeout: 10_000 });
    return true;
  } catch {
    console.warn('SKIPPED, as there is no redis-server: npm test installs it');
    return false;
  }
})();

/** Polls until the condition holds. */
export async function pollUntil(wished: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.now() + 10_000;
  while (!(await wished())) {
    if (systemClock.now() > deadline) throw new Error(`never: ${wished.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A server that is no member and replicates from `leader`, with the password of any client or as a user of its own. */
export function standby(
  leader: TestMember,
  { user, password }: { user?: string; password?: string } = {},
): Disposable {
  const from = ['--replicaof', '127.0.0.1', String(leader.port)];
  const login = [
    ...(user === undefined ? [] : ['--masteruser', user]),
    ...(password === undefined ? [] : ['--masterauth', password]),
  ];
  const own = ['--port', '0', '--unixsocket', join(leader.dir, `other-${user ?? ''}`)];
  const files = ['--save', '', '--dir', leader.dir, '--dbfilename', 'other.rdb'];
  const child = spawn('redis-server', [...own, ...files, ...from, ...login], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

/** The value of `k` on a member that answers no reads. */
export async function held(member: TestMember): Promise<string | null> {
  const client = await member.client();
  await client.config('SET', 'replica-serve-stale-data', 'yes');
  return client.get('k');
}

/** Member a leads in epoch 1 and holds `k`; the others follow. */
export async function service(names: string[], acks?: number, options: MemberOptions = {}) {
  const all = await members(names, options);
  const a = all[0];
  const others = all.slice(1);
  await a.promote(1, {
    init: true,
    ...(acks === undefined ? {} : { sync: { members: [], acks } }),
  });
  for (const other of others) await other.follow(a, 1);
  for (const other of others) await other.linked();
  const client = await a.client();
  // The leader counts a follower a moment after the follower reports its link.
  await pollUntil(() => client.set('k', 'v').then(Boolean, () => false));
  await client.wait(others.length, 5_000);
  return Object.assign(all, { client });
}
