import { join } from 'node:path';

/**
 * Whom a server follows that is to follow nobody: a replica takes no writes and expires nothing by itself, so that its data
 * and its offset stand still. Nothing can ever listen on port 0, and a connection to it is refused at once, without a packet
 * that leaves the pod; an address that keeps silent would do, too, but for a minute each time, and a name would block the
 * server while it is looked up.
 */
export const nowhere = { host: '127.0.0.1', port: 0 } as const;

/** How often a leader that has nothing to say tells its followers that it lives. Seconds. */
export const pingSeconds = 1;

export interface ServerConfig {
  dir: string;
  port: number;
  /** Of the local connection. */
  socket: string;
  /** Folder with tls.crt, tls.key and ca.crt; undefined: it speaks in the clear. */
  tls: string | undefined;
  password: string | undefined;
  /** False only for data that are a snapshot without a log: with it, the server would not load them, and begin anew. */
  appendOnly: boolean;
}

/** What the user may set otherwise: it comes before her own arguments, so that hers count. */
export function defaults(config: ServerConfig): string {
  return lines([
    ['bind', '*', '-::*'],
    // Clients come from other pods. Where no Secret names a password, who may connect is for a NetworkPolicy to say.
    ['protected-mode', 'no'],
    // The log has all that a snapshot would have, and a snapshot is one more fork.
    ['save', ''],
    /*
     * Of followers, and of a leader in Eventual: what a SIGKILL or a loss of power leaves may lack the last two seconds. A leader
     * in Strong syncs each write (redis-engine.ts). A write with WAIT then took 0.8 ms instead of 0.1 ms on an idle SSD, and the
     * server ends when its disk is full, instead of going on from memory and saying so.
     */
    ['appendfsync', 'everysec'],
    // How long an outage of a follower may be before it must be copied anew; taken as it is needed.
    ['repl-backlog-size', '16mb'],
    // Also how long it takes to notice that nothing comes any more.
    ['repl-timeout', '10'],
    ['repl-diskless-sync-delay', '0'],
    ['tcp-keepalive', '30'],
    ['logfile', ''],
    ...(config.tls === undefined ? [] : [['tls-auth-clients', 'no']]),
  ]);
}

/** What must be so: it comes after the user's arguments, so that it counts, and is in force before the server listens. */
export function musts(config: ServerConfig): string {
  const { dir, port, socket, tls, password, appendOnly } = config;
  return lines([
    ['replicaof', nowhere.host, String(nowhere.port)],
    ['replica-read-only', 'yes'],
    // Until it follows: what it holds may be older than what clients have been told.
    ['replica-serve-stale-data', 'no'],
    // Straight from the socket it would throw its data away before it has all of the new.
    ['repl-diskless-load', 'disabled'],
    // A server that sees none of its followers for an hour would begin a new history, and count anew.
    ['repl-backlog-ttl', '0'],
    ['repl-ping-replica-period', String(pingSeconds)],
    // A follower whose disk is full says so in its report; it would abort instead, again and again.
    ['replica-ignore-disk-write-errors', 'yes'],
    ['dir', dir],
    ['dbfilename', 'dump.rdb'],
    ['appendonly', appendOnly ? 'yes' : 'no'],
    ['appendfilename', 'appendonly.aof'],
    ['appenddirname', logFolder],
    ['cluster-enabled', 'no'],
    ['daemonize', 'no'],
    ['supervised', 'no'],
    ['unixsocket', socket],
    ['unixsocketperm', '700'],
    ...(tls === undefined ? [['port', String(port)]] : tlsLines(port, tls)),
    ...(password === undefined
      ? []
      : [
          ['requirepass', password],
          ['masterauth', password],
        ]),
  ]);
}

/** Folder of the append-only log, in the folder of the data. */
export const logFolder = 'appendonlydir';

function tlsLines(port: number, folder: string): string[][] {
  return [
    ['port', '0'],
    ['tls-port', String(port)],
    ['tls-replication', 'yes'],
    ['tls-cert-file', join(folder, 'tls.crt')],
    ['tls-key-file', join(folder, 'tls.key')],
    ['tls-ca-cert-file', join(folder, 'ca.crt')],
  ];
}

/**
 * The arguments of a container as options: a server's name in front is dropped, and a configuration file, which must be the
 * first of a server's arguments, is included instead, as ours is that.
 */
export function userArgs(args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === undefined) return [];
  if (/(^|\/)(redis|valkey)-server$/.test(first)) return userArgs(rest);
  return first.startsWith('-') ? [...args] : ['--include', ...args];
}

function lines(settings: string[][]): string {
  return settings
    .map(([name, ...values]) => [name, ...values.map(quoted)].join(' ') + '\n')
    .join('');
}

/** As the server reads it back; anything may be in a password. */
function quoted(value: string): string {
  const bytes = [...Buffer.from(value)].map((byte) => {
    const char = String.fromCharCode(byte);
    return /[\w ./:*@%+,=-]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${bytes.join('')}"`;
}
