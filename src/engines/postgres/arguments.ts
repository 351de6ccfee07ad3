import type { AgentConfig } from '../../protocol/agent-config.ts';
import { applicationName } from './quote.ts';

interface Setting {
  /** As in postgresql.conf. */
  name: string;
  value: string;
  /** The arguments that set it. */
  args: string[];
}

const form = /^([A-Za-z_][\w.-]*)=(.*)$/s;

/** Options of one letter that set something. */
const letters: Record<string, string> = {
  ...{ B: 'shared_buffers', D: 'data_directory', N: 'max_connections', S: 'work_mem' },
  ...{ h: 'listen_addresses', k: 'unix_socket_directories', p: 'port' },
  // Prints a setting, and ends.
  C: '-C',
};
const switches: Record<string, [name: string, value: string]> = {
  ...{ '-F': ['fsync', 'off'], '-i': ['listen_addresses', '*'], '-l': ['ssl', 'on'] },
};

/** The settings in arguments of a server (`-c name=value`, `-cname=value`, `--name=value`, `-N 7`), and its other arguments. */
function parse(args: readonly string[]): (Setting | string)[] {
  const parsed: (Setting | string)[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [, letter = '', attached = ''] = /^-([A-Za-z])(.*)$/s.exec(arg) ?? [];
    const isPair = attached === '' && (letter === 'c' || letter in letters);
    const text = isPair ? (args[i + 1] ?? '') : attached || (/^--(.*)$/s.exec(arg)?.[1] ?? '');
    const [, long = '', longValue = ''] = form.exec(text) ?? [];
    const named = letters[letter];
    const set = ['c', ''].includes(letter) ? long.replaceAll('-', '_').toLowerCase() : '';
    const [name, value] = switches[arg] ?? (named === undefined ? [set, longValue] : [named, text]);
    if (name === '' || (isPair && i + 1 >= args.length)) {
      parsed.push(arg);
      continue;
    }
    const used = isPair ? [arg, args[++i] ?? ''] : [arg];
    parsed.push({ name, value, args: used });
  }
  return parsed;
}

/** Only the agent may set these: arguments take precedence over its file, and over that of ALTER SYSTEM. */
export const isPinned = (name: string): boolean =>
  /^(primary_conninfo|primary_slot_name|synchronous_standby_names|promote_trigger_file|restore_command|recovery_\w+)$/i.test(
    name,
  );

/** With engine.tls the agent sets these, in its file. */
const ofTls = ['ssl', 'ssl_cert_file', 'ssl_key_file'];

/** Names of these may not be the agent's: `pinned` are those that the agent gives as arguments itself, with their values. */
interface Pinned {
  own: Readonly<Record<string, string>>;
  isTls: boolean;
}

/** The values of a switch that mean the same. */
const plain = (value: string): string =>
  /^(on|true|yes|1)$/i.test(value) ? 'on' : /^(off|false|no|0)$/i.test(value) ? 'off' : value;

/**
 * The arguments of the template without those that would keep the member from replicating, or hide it from its agent.
 * @returns also the names of what is ignored, for people; not what asks for the value that it has anyway. Values may be secrets
 */
export function allowedArgs(
  args: readonly string[],
  { own, isTls }: Pinned,
): { allowed: string[]; ignored: string[] } {
  const allowed: string[] = [];
  const ignored = new Set<string>();
  // The image's own entrypoint is given the name of the program first.
  const [first, ...others] = args;
  for (const part of parse(first === 'postgres' ? others : args)) {
    if (typeof part === 'string') {
      allowed.push(part);
      continue;
    }
    const { name, value } = part;
    const given = own[name];
    if (given !== undefined) {
      if (plain(given) !== plain(value)) ignored.add(name);
    } else if (
      isPinned(name) ||
      ['data_directory', '-C'].includes(name) ||
      (isTls && ofTls.includes(name))
    ) {
      ignored.add(name);
    } else if (name === 'wal_level' && value === 'minimal') {
      ignored.add('wal_level');
    } else {
      allowed.push(...part.args);
    }
  }
  return { allowed, ignored: [...ignored] };
}

/**
 * A follower has flushed the commit when it is acknowledged. If a client cancels a commit that waits, it is committed on the leader
 * only, with a warning to the client: it was not acknowledged, and a failover may lose it.
 */
const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

/**
 * Arguments of the server: later ones take precedence, and all of them over the files, in which ALTER SYSTEM writes. Those of the
 * template come in between: a service in Eventual may have others, and with Strong LeaderWatch tells that.
 *
 * @returns also what is ignored of the template, see allowedArgs
 */
export function serverArgs(
  { args, port, engine }: AgentConfig,
  { member, sockets, path }: { member: string; sockets: string; path: (name: string) => string },
): { args: string[]; ignored: string[] } {
  const hasHba = parse(args).some((part) => typeof part !== 'string' && part.name === 'hba_file');
  const own: Record<string, string> = {
    config_file: path('postgresql.conf'),
    ...(hasHba ? {} : { hba_file: path('pg_hba.conf') }),
    port: String(port),
    listen_addresses: '*',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    cluster_name: applicationName(member),
    hot_standby: 'on',
    wal_log_hints: 'on',
    // The end of the agent tells the operator at once; a restart would go unnoticed, and the server would still lead.
    restart_after_crash: 'off',
    log_destination: 'stderr',
    logging_collector: 'off',
  };
  const options = (values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { allowed, ignored } = allowedArgs(args, { own, isTls: engine.tls !== undefined });
  return { args: [...options(durable), ...allowed, ...options(own)], ignored };
}

/** The last value of each of these settings, as arguments. */
export function argsFor(names: readonly string[], args: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (const part of parse(args)) {
    if (typeof part !== 'string' && names.includes(part.name)) values.set(part.name, part.value);
  }
  return [...values].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
