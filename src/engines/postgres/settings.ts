import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineContext } from '../engine-context.ts';
import { isHAError } from '../../api/errors.ts';
import { copyCertificates, haveCertificates } from '../certificate-files.ts';
import type { Layout } from './layout.ts';
import { type OsUser, makeFolder, writeFor } from './os-user.ts';
import { allowedArgs, isPinned } from './arguments.ts';
import { type Host, connectionTo, passfileLine } from './connection.ts';
import { type Purpose, applicationName, literal, noStandby } from './quote.ts';
import { replicationUser } from './role.ts';
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

const MiB = 2 ** 20;

/**
 * A follower has flushed the commit when it is acknowledged. If a client cancels a commit that waits, it is committed on the leader
 * only, with a warning to the client: it was not acknowledged, and a failover may lose it.
 */
const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

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
  /** The password that the leader accepts, as far as is known: see Follower. */
  #leaderPassword: string | undefined;
  /** Why the certificates in the Secret are not used. */
  certificateFault: string | undefined;
  /** Content of the passfile; undefined: that of an earlier process. */
  #passfile: string | undefined;

  constructor(
    context: EngineContext,
    layout: Layout,
    {
      osUser,
      sockets,
      certificates,
      major,
    }: { osUser: OsUser | undefined; sockets: string; certificates: string; major: number },
  ) {
    this.#context = context;
    this.#layout = layout;
    this.#osUser = osUser;
    this.sockets = sockets;
    this.#certificates = certificates;
    this.major = major;
  }

  /**
   * Writes all files except postgresql.conf and the passfile. If the certificates in the Secret cannot be used, a server runs, and is
   * started, with the copy of the former ones.
   *
   * @returns whether the certificates have changed. @throws HAError HA_ERR_AGENT_CONFIG if there is no such copy
   */
  async prepare(): Promise<boolean> {
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
   */
  async writePassfile(leader: Host | undefined, password?: string): Promise<void> {
    const isNobody = leader === undefined || password === undefined;
    const text = isNobody ? '' : passfileLine(leader, password);
    if (text !== this.#passfile) await this.#write('passfile', text);
    this.#passfile = text;
    // Last: a former password is retired once the leader and the passfile have the current one.
    if (leader !== undefined) this.#leaderPassword = password;
  }

  /** Writes the settings of replication; the server has yet to read them. */
  async write(replication: ReplicationConfig): Promise<void> {
    await this.#write('postgresql.conf', await this.#text(replication));
    await this.#removeOverrides();
  }

  /** The one that was last accepted; until then, the current one. */
  get leaderPassword(): string | undefined {
    const { current, former } = this.#context.passwords;
    const last = this.#leaderPassword;
    return last !== undefined && former.includes(last) ? last : current;
  }

  /**
   * Arguments of the server: later ones take precedence, and all of them over the files, in which ALTER SYSTEM writes. Those of the
   * template come in between: a service in Eventual may have others, and with Strong LeaderWatch tells that.
   */
  get serverArgs(): string[] {
    const { args, port } = this.#context.config;
    const hasHba = args.some((arg) => /^(-c)?(-{0,2})hba[_-]file=/.test(arg));
    const pairs: Record<string, string> = {
      config_file: this.#path('postgresql.conf'),
      ...(hasHba ? {} : { hba_file: this.#path('pg_hba.conf') }),
      port: String(port),
      listen_addresses: '*',
      unix_socket_directories: this.sockets,
      unix_socket_permissions: '0700',
      cluster_name: applicationName(this.#context.pod.name),
      hot_standby: 'on',
      wal_log_hints: 'on',
      // The end of the agent tells the operator at once; a restart would go unnoticed, and the server would still lead.
      restart_after_crash: 'off',
      log_destination: 'stderr',
      logging_collector: 'off',
    };
    const options = (values: Record<string, string>) =>
      Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { allowed, ignored } = allowedArgs(args);
    if (ignored.length > 0) {
      this.#context.log.warn({ ignored }, 'arguments that only the agent may give are ignored');
    }
    return [...options(durable), ...allowed, ...options(pairs)];
  }

  /** For the member's own server, without a password. */
  get local(): SessionOptions {
    const { port } = this.#context.config;
    return { host: this.sockets, port, user: 'postgres', database: 'postgres' };
  }

  /** For another member, as a session. */
  async remote({ host, port }: Host, password = this.leaderPassword): Promise<SessionOptions> {
    const { config } = this.#context;
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
        passfile: this.leaderPassword === undefined ? undefined : this.#path('passfile'),
        rootCertificate: config.engine.tls === undefined ? undefined : this.#path('ca.crt'),
        major: this.major,
      },
    );
  }

  async #text({ leader, sync, readOnly = false }: ReplicationConfig): Promise<string> {
    const { blocks, bsize } = await statfs(this.#layout.top);
    const megabytes = (share: number, least: number, most: number) =>
      `${Math.round(Math.min(Math.max((blocks * bsize) / share / MiB, least), most))}MB`;
    const lines = [
      '# Written by the agent of HAService: changes here are lost. Change the file in pgdata, or the arguments in the template.',
      '# A follower that lacks more log than this is cloned again. A sixteenth of the volume.',
      `wal_keep_size = ${megabytes(16, 64, 512)}`,
      `max_wal_size = ${megabytes(8, 128, 1024)}`,
      'wal_sender_timeout = 10s',
      'wal_receiver_timeout = 10s',
      'wal_retrieve_retry_interval = 500ms',
      `include_if_exists = ${literal(join(this.#layout.data, 'postgresql.conf'))}`,
      "recovery_target_timeline = 'latest'",
      "primary_slot_name = ''",
      `primary_conninfo = ${literal(leader === undefined ? '' : this.connection('follow', leader))}`,
      `synchronous_standby_names = ${literal(sync)}`,
      ...(readOnly ? ['default_transaction_read_only = on'] : []),
      ...(this.#context.config.engine.tls === undefined
        ? []
        : [
            'ssl = on',
            `ssl_cert_file = ${literal(this.#path('tls.crt'))}`,
            `ssl_key_file = ${literal(this.#path('tls.key'))}`,
          ]),
    ];
    return `${lines.join('\n')}\n`;
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

function hbaText(tls: boolean): string {
  const host = tls ? 'hostssl' : 'host';
  return [
    'local all all trust',
    `local replication all trust`,
    `${host} replication ${replicationUser} all scram-sha-256`,
    `${host} all all all scram-sha-256`,
    ...(tls ? ['host all all samehost scram-sha-256'] : []),
    '',
  ].join('\n');
}
