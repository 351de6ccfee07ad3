import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineContext } from '../engine-context.ts';
import { isHAError } from '../../api/errors.ts';
import { copyCertificates, haveCertificates } from '../certificate-files.ts';
import type { Layout } from './layout.ts';
import { configText, hasDefaultLogSize, hbaText } from './server-config.ts';
import { type LogRetention, type Space, isOther, logRetention, logSize } from './log-retention.ts';
import { type OsUser, makeFolder, writeFor } from './os-user.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { isPinned, serverArgs } from './arguments.ts';
import { type Host, connectionTo, passfileLine } from './connection.ts';
import { type Purpose, noStandby } from './quote.ts';
import { type Login, logins, secretOf } from './login.ts';
import { replicationUser, superuser } from './role.ts';
import type { SessionOptions } from './session.ts';

/** Settings of replication, which change while the server runs. */
export interface ReplicationConfig {
  /** The leader that it follows; absent: none. */
  leader?: Host | undefined;
  /** synchronous_standby_names. */
  sync: string;
  /** It is about to end: new transactions must not write. */
  readOnly?: boolean;
}

/** Settings of a standby that follows no leader. */
export const detached: ReplicationConfig = { sync: noStandby };

/**
 * The files by which the agent configures the server. They lie outside of PGDATA. postgresql.conf there includes the one in
 * PGDATA, which is the user's and which clones and rewinds bring along; settings after the include cannot be changed there.
 */
export class Settings {
  readonly #context: EngineContext;
  readonly #layout: Layout;
  readonly #osUser: OsUser | undefined;
  /** Folder of the socket: private, as no password is needed over it. */
  readonly sockets: string;
  /** Folder of tls.crt, tls.key and ca.crt. */
  readonly #certificates: string;
  /** Major version of Postgres. */
  major: number;
  /** What the leader has accepted last: see Follower. */
  #leaderLogin: Login | undefined;
  /** Why the certificates in the Secret are not used. */
  certificateFault: string | undefined;
  /** Content of the passfile; undefined: that of an earlier process. */
  #passfile: string | undefined;
  readonly #space: () => Promise<Space>;
  /** To be written. */
  #replication: ReplicationConfig = detached;
  /** What the file says; undefined: it was not written yet. */
  #retention: LogRetention | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    context: EngineContext,
    layout: Layout,
    {
      osUser,
      sockets,
      certificates,
      major,
      space,
    }: {
      osUser: OsUser | undefined;
      sockets: string;
      certificates: string;
      major: number;
      space: () => Promise<Space>;
    },
  ) {
    this.#context = context;
    this.#layout = layout;
    this.#osUser = osUser;
    this.sockets = sockets;
    this.#certificates = certificates;
    this.major = major;
    this.#space = space;
  }

  /**
   * Writes all files except postgresql.conf and the passfile. If the certificates in the Secret cannot be used, a server runs, or is
   * started, with the former ones.
   *
   * @returns whether the certificates have changed. @throws HAError HA_ERR_AGENT_CONFIG if there is no such copy
   */
  async prepare(): Promise<boolean> {
    return this.#inTurn(() => this.#prepare());
  }

  async #prepare(): Promise<boolean> {
    const { settings } = this.#layout;
    await makeFolder(settings, this.#osUser);
    const { config } = this.#context;
    await this.#write('pg_hba.conf', hbaText(config.engine.tls !== undefined));
    if (config.engine.tls === undefined) return false;
    try {
      const haveChanged = await copyCertificates(this.#certificates, settings, (path, content) =>
        // Postgres accepts a key only if nobody but its owner can read it.
        writeFor(this.#osUser, path, content),
      );
      this.certificateFault = undefined;
      return haveChanged;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_AGENT_CONFIG')) throw error;
      if (!(await haveCertificates(settings))) throw error;
      this.certificateFault = error.message;
      return false;
    }
  }

  /**
   * Sets to whom libpq may give the password: only to a server that has proved to the agent's own client, by SCRAM, that it knows
   * the password. libpq gives the password in any form that a server asks for, also in clear text. A running receiver reads the
   * file for each connection, so this comes before it is told of another leader.
   *
   * @param role to which libpq may connect besides the role of replication
   */
  async writePassfile(leader: Host | undefined, login?: Login, role?: string): Promise<void> {
    const { service } = this.#context.config;
    const secret = login === undefined ? undefined : secretOf(login, service);
    const isNobody = leader === undefined || secret === undefined;
    let text = isNobody ? '' : passfileLine(leader, replicationUser, secret);
    if (!isNobody && role === superuser) {
      text += passfileLine(leader, superuser, login?.password ?? secret);
    }
    if (text !== this.#passfile) await this.#write('passfile', text);
    this.#passfile = text;
    // Last: a former password is retired once the leader and the passfile have the current one.
    if (leader !== undefined) this.#leaderLogin = login;
  }

  /** Writes the settings of replication; the server has yet to read them. */
  async write(replication: ReplicationConfig): Promise<void> {
    this.#replication = replication;
    await this.#inTurn(async () => {
      await this.#writeFile(await this.#logRetention());
      await this.#removeOverrides();
    });
  }

  /** Takes over how large and how full the volume is now. @returns whether the server must read the settings again */
  async refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      const now = await this.#logRetention();
      if (this.#retention === undefined || !isOther(now, this.#retention)) return false;
      await this.#writeFile(now);
      return true;
    });
  }

  /** Name of this member. */
  get member(): string {
    return this.#context.pod.name;
  }

  /** The one that was last accepted; until then, the most likely one. */
  get leaderLogin(): Login {
    const last = this.#leaderLogin;
    const [first = { password: undefined, kind: 'service' }, ...others] = this.leaderLogins;
    const isPossible = [first, ...others].some(({ password }) => password === last?.password);
    return last !== undefined && isPossible ? last : first;
  }

  /** The leader may get another password at any time. */
  get isLoginChanging(): boolean {
    const { former, replication = this.leaderLogin.kind } = this.#context.passwords;
    return former.length > 0 || replication !== this.leaderLogin.kind;
  }

  /** Each way to log in at a leader. */
  get leaderLogins(): Login[] {
    return logins(this.#context.passwords);
  }

  get serverArgs(): string[] {
    return this.#arguments.args;
  }

  /** What does not count of the arguments of the template; undefined: nothing. */
  get ignoredArgs(): EngineProblem | undefined {
    const { ignored } = this.#arguments;
    if (ignored.length === 0) return undefined;
    const shown = ignored.join(', ');
    const message = `the args of the template set ${shown}, which only the operator sets: what they say is ignored, and can be removed from the template`;
    return { reason: 'SettingIgnored', message };
  }

  get #arguments(): ReturnType<typeof serverArgs> {
    const { sockets, member } = this;
    return serverArgs(this.#context.config, { sockets, member, path: (name) => this.#path(name) });
  }

  /** For the member's own server, without a password. */
  get local(): SessionOptions {
    const { port } = this.#context.config;
    return { host: this.sockets, port, user: 'postgres', database: 'postgres' };
  }

  /** For another member, as a session. */
  async remote({ host, port }: Host, login = this.leaderLogin): Promise<SessionOptions> {
    const { config } = this.#context;
    const password = secretOf(login, config.service);
    // verify-ca: the certificate of a pod cannot contain its address.
    const ssl =
      config.engine.tls === undefined
        ? false
        : { ca: await readFile(this.#path('ca.crt')), checkServerIdentity: () => undefined };
    return {
      host,
      port,
      user: replicationUser,
      database: 'postgres',
      ssl,
      ...(password === undefined ? {} : { password }),
    };
  }

  /** For another member, for libpq: call writePassfile first. */
  connection(purpose: Purpose, leader: Host, user?: string): string {
    const { config, pod } = this.#context;
    return connectionTo(
      leader,
      purpose,
      { member: pod.name, user },
      {
        passfile: this.leaderLogin.password === undefined ? undefined : this.#path('passfile'),
        rootCertificate: config.engine.tls === undefined ? undefined : this.#path('ca.crt'),
        major: this.major,
      },
    );
  }

  /** One after the other: an older file must not replace a newer one, which may say to stop following. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => {});
    return turn;
  }

  async #logRetention(): Promise<LogRetention> {
    return logRetention(await this.#space(), await logSize(this.#layout.data));
  }

  async #writeFile(retention: LogRetention): Promise<void> {
    const { leader, sync, readOnly = false } = this.#replication;
    const isTls = this.#context.config.engine.tls !== undefined;
    const ownFile = join(this.#layout.data, 'postgresql.conf');
    const own = await readFile(ownFile, 'utf8').catch(() => '');
    const text = configText({
      ...{ sync, readOnly, retention },
      ...{ ownFile, hasDefaultLogSize: hasDefaultLogSize(own) },
      connection: leader === undefined ? '' : this.connection('follow', leader),
      certificate: isTls ? { file: this.#path('tls.crt'), key: this.#path('tls.key') } : undefined,
    });
    await this.#write('postgresql.conf', text);
    this.#retention = retention;
  }

  /** Removes settings of ALTER SYSTEM, or of the leader's copy of it, that only the agent may set. */
  async #removeOverrides(): Promise<void> {
    const path = join(this.#layout.data, 'postgresql.auto.conf');
    const text = await readFile(path, 'utf8').catch(() => '');
    const kept = text.split('\n').filter((line) => !isPinned(/^\s*(\w+)/.exec(line)?.[1] ?? ''));
    if (kept.length < text.split('\n').length) await writeFor(this.#osUser, path, kept.join('\n'));
  }

  async #write(name: string, text: string): Promise<void> {
    await writeFor(this.#osUser, this.#path(name), text);
  }

  #path(name: string): string {
    return join(this.#layout.settings, name);
  }
}
