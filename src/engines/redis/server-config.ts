import { tlsFiles } from './certificates.ts';

/**
 * The leader of a server that is to follow none: a replica takes no writes and expires no keys by itself, so its data and offset
 * do not change. Nothing can listen on port 0, and a connection to it is refused at once, without a packet that leaves the pod.
 * An address that does not answer would also do, but would take a minute each time, and a name would block the server during the
 * lookup.
 */
export const noLeader = { host: '127.0.0.1', port: 0 } as const;

/** How often an idle leader pings its followers. Seconds. */
export const pingSeconds = 1;

/** Redis's own limit for what is written while a follower is made a copy, and the share of the memory that it may be instead. */
const leastBufferBytes = 256 * 2 ** 20;
const bufferShare = 1 / 8;

export interface ServerConfig {
  dir: string;
  port: number;
  /** Path of the socket for the local connection. */
  socket: string;
  /** Folder with tls.crt, tls.key and ca.crt; undefined: no TLS. */
  tls: string | undefined;
  password: string | undefined;
  /** Memory of the container, or of the machine if the container has no limit. */
  memoryBytes: number;
  /** False only for data that are a snapshot without a log: with it, the server would not load them, but start empty. */
  appendOnly: boolean;
}

/** What the user may change: it comes before the user's arguments, so that those take precedence. */
export function defaultConfig(config: ServerConfig): string {
  return lines([
    ['bind', '*', '-::*'],
    // Clients come from other pods. If no Secret names a password, a NetworkPolicy limits who may connect.
    ['protected-mode', 'no'],
    // The log has all that a snapshot would have, and a snapshot is one more fork.
    ['save', ''],
    /*
     * For followers, and for a leader in Eventual: after a SIGKILL or a power loss the last two seconds may be missing. A leader in
     * Strong syncs each write (redis-engine.ts). A write with WAIT then took 0.8 ms instead of 0.1 ms on an idle SSD, and the
     * server ends when its disk is full, instead of continuing in memory and reporting it.
     */
    ['appendfsync', 'everysec'],
    // How long a follower may be away before it must be copied again; the memory is allocated as needed.
    ['repl-backlog-size', '16mb'],
    // Also how long it takes to notice that the other side is silent.
    ['repl-timeout', '10'],
    ['repl-diskless-sync-delay', '0'],
    /*
     * What is written while a follower is made a copy waits in the memory of the leader. Redis ends the copy if that is more than 256 MiB, or
     * more than 64 MiB for a minute: a large data set under load would be copied again and again, and never to the end. A
     * follower that is gone or frozen is disconnected after repl-timeout, so there need be no limit in time.
     */
    ['client-output-buffer-limit', 'replica', String(bufferBytes(config)), '0', '0'],
    ['tcp-keepalive', '30'],
    ['logfile', ''],
    ...(config.tls === undefined ? [] : [['tls-auth-clients', 'no']]),
  ]);
}

const bufferBytes = ({ memoryBytes }: ServerConfig): number =>
  Math.max(leastBufferBytes, Math.floor(memoryBytes * bufferShare));

/** What must be so: it comes after the user's arguments, so that it takes precedence, and before the server listens. */
export function requiredConfig(config: ServerConfig): string {
  const { dir, port, socket, tls, password, appendOnly } = config;
  return lines([
    ['replicaof', noLeader.host, String(noLeader.port)],
    ['replica-read-only', 'yes'],
    // Until it follows: its data may be older than what clients have read.
    ['replica-serve-stale-data', 'no'],
    // If it loaded straight from the socket, it would discard its data before it has all of the new.
    ['repl-diskless-load', 'disabled'],
    // Otherwise a server without followers for an hour would begin a new history, and count from 0.
    ['repl-backlog-ttl', '0'],
    ['repl-ping-replica-period', String(pingSeconds)],
    // A follower whose disk is full reports it; without this it would abort again and again.
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
    ...(password === undefined ? [] : [['requirepass', password]]),
  ]);
}

/** Folder of the append-only log, in the folder of the data. */
export const logFolder = 'appendonlydir';

function tlsLines(port: number, folder: string): string[][] {
  return [
    ['port', '0'],
    ['tls-port', String(port)],
    ['tls-replication', 'yes'],
    ...tlsFiles(folder),
  ];
}

/**
 * The arguments of a container as options: the name of a server in front is dropped. A configuration file, which must be the
 * first argument of a server, is included instead, as the agent's own file is the first.
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

/** As the server reads it back; a password may contain any character. */
function quoted(value: string): string {
  const bytes = [...Buffer.from(value)].map((byte) => {
    const char = String.fromCharCode(byte);
    return /[\w ./:*@%+,=-]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${bytes.join('')}"`;
}
