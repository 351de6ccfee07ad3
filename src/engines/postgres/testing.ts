import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfigSchema } from '../../protocol/agent-config.ts';
import type { Order, SyncSet } from '../../protocol/member-protocol.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type EngineContext, type Passwords, fixedPassword } from '../engine-context.ts';
import type { EngineReport } from '../managed-engine.ts';
import { freePort } from '../../member-client/testing.ts';
import type { Space } from './log-retention.ts';
import { PostgresEngine } from './postgres.ts';
import { type Session, type SessionOptions, withSession } from './session.ts';
import { findPrograms } from './tools.ts';

const limitMs = 60_000;
export const within = () => AbortSignal.timeout(limitMs);

/** Whether a server is installed to test with. */
export const havePostgres = await findPrograms(process.env).then(
  () => true,
  () => {
    console.warn('SKIPPED, as there is no Postgres: npm test installs it');
    return false;
  },
);

interface MemberOptions {
  password?: string;
  passwords?: Passwords;
  /** Arguments of the template. */
  args?: string[];
  /** Folder of tls.crt, tls.key and ca.crt. */
  certificates?: string;
  clock?: Clock;
  /** Measures the volume. */
  measure?: (folder: string) => Promise<Space>;
  /** Folder of the programs of Postgres. */
  programs?: string;
}

/** A member as the agent runs it, on this machine: the tests give orders to the engine itself. */
export class Member {
  readonly name: string;
  readonly port: number;
  readonly dataDir: string;
  engine: PostgresEngine;
  /** As its Secret has it. */
  password: string;
  readonly #context: EngineContext;
  readonly #certificates: string | undefined;
  readonly #measure: MemberOptions['measure'];

  private constructor(
    context: Omit<EngineContext, 'passwords'>,
    dataDir: string,
    password: string,
    passwords: Passwords | undefined,
    { certificates, measure }: MemberOptions,
  ) {
    this.password = password;
    this.#context = { ...context, passwords: passwords ?? fixedPassword(password) };
    this.#certificates = certificates;
    this.name = context.pod.name;
    this.port = context.config.port;
    this.dataDir = dataDir;
    this.#measure = measure;
    this.engine = new PostgresEngine(this.#context, certificates, measure);
  }

  static async create(folder: string, name: string, options: MemberOptions): Promise<Member> {
    const { password = "it's: a \\secret", args = [], certificates, programs } = options;
    const { clock = systemClock } = options;
    const dataDir = join(folder, name);
    const port = await freePort();
    const config = agentConfigSchema.parse({
      service: 'test',
      engine: {
        type: 'Postgres',
        dataDir,
        ...(certificates === undefined ? {} : { tls: { secretName: 'tls' } }),
      },
      port,
      agentPort: 8990,
      // The data of a test need not survive a power loss.
      args: ['-c', 'shared_buffers=16MB', '-c', 'fsync=off', ...args],
    });
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const pod = { name, uid: undefined, ip: '127.0.0.1' };
    const env = { ...process.env, ...(programs === undefined ? {} : { PATH: programs }) };
    const context = { config, pod, env, clock, log };
    return new Member(context, dataDir, password, options.passwords, options);
  }

  /** As if the container were restarted. */
  async restart(password = this.password): Promise<void> {
    this.password = password;
    if (password !== this.#context.passwords.current) {
      this.#context.passwords = fixedPassword(password);
    }
    await this.#startAnew();
  }

  /** As if its pod were replaced by one that has other passwords. */
  async replace(passwords: Passwords): Promise<void> {
    this.#context.passwords = passwords;
    this.password = passwords.current ?? this.password;
    await this.#startAnew();
  }

  /** The former engine ends first: two must not write into one folder. */
  async #startAnew(): Promise<void> {
    this.engine.kill();
    await this.engine.stop(within());
    await this.anew().engine.start(within());
  }

  /** With an engine that is not started. */
  anew(): this {
    this.engine = new PostgresEngine(this.#context, this.#certificates, this.#measure);
    return this;
  }

  async promote(epoch: number, sync?: SyncSet, init = false): Promise<void> {
    const order = { member: this.name, epoch, reason: 'test', init };
    await this.engine.promote(sync === undefined ? order : { ...order, sync }, within());
  }

  async follow(epoch: number, leader: { name: string; port: number }): Promise<void> {
    const { name: member, port } = leader;
    const order: Order<'follow'> = {
      member: this.name,
      epoch,
      reason: 'test',
      leader: { member, host: '127.0.0.1', port },
    };
    await this.engine.follow(order, within());
  }

  async fence(): Promise<EngineReport> {
    await this.engine.fence(within());
    return this.until((report) => report.state === 'Detached' || report.state === 'Empty');
  }

  async until(wanted: (report: EngineReport) => boolean): Promise<EngineReport> {
    const signal = within();
    for (;;) {
      const report = await this.engine.report(signal);
      if (wanted(report)) return report;
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (signal.aborted) throw new Error(`${this.name}: still ${JSON.stringify(report)}`);
    }
  }

  /** Waits until the member is linked and holds all that the leader has. */
  async caughtUp(leader: Member): Promise<EngineReport> {
    const { position } = await leader.engine.report(within());
    return this.until(
      (report) =>
        report.state === 'Following' &&
        report.linked === true &&
        (report.position?.offset ?? 0) >= (position?.offset ?? Infinity),
    );
  }

  /** A session of a client, over TCP and with the password. */
  async sql<Row extends object>(text: string, options: SessionOptions = {}): Promise<Row[]> {
    return this.client((session) => session.rows<Row>(text), options);
  }

  async client<T>(
    work: (session: Session) => Promise<T>,
    options: SessionOptions = {},
  ): Promise<T> {
    const to = {
      host: '127.0.0.1',
      port: this.port,
      user: 'postgres',
      database: 'postgres',
      application_name: 'client',
    };
    const { password } = this;
    const limits = { signal: within(), timeoutMs: limitMs };
    return withSession({ ...to, password, ...options }, limits, work);
  }
}

/** Sends SIGSTOP or SIGCONT to all processes of a member's server. */
export function signalAll(member: Member, signal: NodeJS.Signals): void {
  const { pid = 0 } = member.engine;
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  for (const one of [pid, ...children.trim().split(/\s+/).map(Number)]) process.kill(one, signal);
}

/** Members with data below one folder, all of which `end` removes. */
export class Members {
  readonly all: Member[] = [];
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Members> {
    const folder = await mkdtemp(join(tmpdir(), 'haservice-test-'));
    // If the tests run as root, Postgres runs as another user.
    await chmod(folder, 0o755);
    return new Members(folder);
  }

  async add(name: string, options: MemberOptions = {}): Promise<Member> {
    const member = await Member.create(this.folder, name, options);
    this.all.push(member);
    await member.engine.start(within());
    return member;
  }

  async end(): Promise<void> {
    for (const { engine } of this.all) {
      engine.kill();
      await engine.stop(within());
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/**
 * A folder with the programs of Postgres, of which one is replaced by a shell script.
 * @param text of the script, from the path of the real program
 */
export async function replaceTool(
  folder: string,
  name: string,
  text: (real: string) => string,
): Promise<string> {
  const real = await findPrograms(process.env);
  const programs = join(folder, 'programs');
  await mkdir(programs);
  for (const each of await readdir(real)) await symlink(join(real, each), join(programs, each));
  const script = join(programs, name);
  await rm(script);
  await writeFile(script, `#!/bin/sh\n${text(join(real, name))}\n`);
  await chmod(script, 0o755);
  return programs;
}

/** The rows of the table `t` of a member. */
export const numbers = async (member: Member) =>
  (await member.sql<{ n: number }>('SELECT n FROM t ORDER BY n')).map(({ n }) => n);

/** Resolves when the member has replayed these rows: its log is on disk before its tables show them. */
export const shows = async (member: Member, wished: number[]) => {
  while ((await numbers(member)).join() !== wished.join());
};
