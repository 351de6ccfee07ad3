import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import type { Order } from '../../protocol/member-protocol.ts';
import { type Passwords, candidates } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { type Login, credentials } from './replication-user.ts';

type Leader = Order<'follow'>['leader'];

const timeoutMs = 2_000;

/** How a member connects to another one: as its server does. */
export interface Access {
  service: string;
  passwords: Passwords;
  /** Folder of the certificates; undefined: no TLS. */
  tls: string | undefined;
}

/** Replication history of a leader. */
export interface UpstreamHistory {
  replid: string;
  /** The history that it has continued, and up to which offset. */
  replid2: string;
  until: number;
}

/**
 * As whom the leader lets the member replicate, or why not: the server writes that only to its log. Does the same as the server:
 * connects and authenticates.
 *
 * @throws the signal's reason
 */
export async function checkLeader(
  leader: Leader,
  access: Access,
  signal: AbortSignal,
): Promise<{ login: Login } | { problem: EngineProblem }> {
  try {
    return { login: (await ask(leader, access, signal, 'PING')).login };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: problemOf(leader, error instanceof Error ? error.message : String(error)) };
  }
}

/** Undefined if the leader cannot be asked. @throws the signal's reason */
export async function askHistory(
  leader: Leader,
  access: Access,
  signal: AbortSignal,
): Promise<UpstreamHistory | undefined> {
  try {
    const { text } = await ask(leader, access, signal, 'INFO', 'replication');
    const field = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
    return {
      replid: field('master_replid'),
      replid2: field('master_replid2'),
      until: Number(field('second_repl_offset')) - 1,
    };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function ask(leader: Leader, access: Access, signal: AbortSignal, ...command: string[]) {
  const { tls } = access;
  const [name = '', ...args] = command;
  const redis = new Redis({
    host: leader.host,
    port: leader.port,
    ...(tls === undefined ? {} : { tls: await tlsOptions(tls) }),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
  });
  let reason: unknown;
  redis.on('error', (error) => (reason = error));
  // Whatever it waits for fails then.
  const end = () => redis.disconnect();
  signal.addEventListener('abort', end);
  try {
    signal.throwIfAborted();
    await redis.connect();
    const login = await logIn(redis, leader, access);
    return { login, text: String(await redis.call(name, ...args)) };
  } catch (error) {
    // If the connection has ended, the command's own error says only that.
    throw reason ?? error;
  } finally {
    signal.removeEventListener('abort', end);
    redis.disconnect();
  }
}

/**
 * As the members' user with each password that members may have. Only a leader of an earlier version, which does not know that user,
 * gets the password itself: whoever has taken over the address of another one need only refuse the user to be shown it.
 *
 * @returns what the leader has accepted. @throws its refusal of the current password
 */
async function logIn(
  redis: Redis,
  { replicationUser: isUserKnown = false }: Leader,
  { service, passwords }: Access,
): Promise<Login> {
  let refusal: unknown;
  const known = candidates(passwords);
  const users: Login['user'][] = isUserKnown ? ['own'] : ['own', 'former'];
  const logins = users.flatMap((user) => known.map((password): Login => ({ user, password })));
  for (const login of logins) {
    const shown = credentials(login, service);
    if (shown === undefined) return login;
    try {
      await redis.call('AUTH', ...shown);
      return login;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('WRONGPASS'))) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function problemOf({ member, host, port }: Leader, reason: string): EngineProblem {
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/.test(reason)) {
    return {
      reason: 'WrongPassword',
      message: `${member} refuses the password of this member: if the Secret was changed within the last two minutes, wait for the kubelets; else delete the pod that was created before the change`,
    };
  }
  return {
    reason: 'LeaderUnreachable',
    message: `no connection to ${member} at ${host} port ${port} (${reason}): check the network between the pods, NetworkPolicies and, with TLS, that one ca.crt has signed all certificates`,
  };
}

/** As the server checks it: the CA must match, the name need not. */
async function tlsOptions(folder: string) {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))),
  );
  return { ca, cert, key, checkServerIdentity: () => undefined };
}
