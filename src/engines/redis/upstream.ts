import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import type { Order } from '../../protocol/member-protocol.ts';
import { type Passwords, candidates } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';

type Leader = Order<'follow'>['leader'];

const timeoutMs = 2_000;

/** Credentials by which a member connects to another one. */
export interface Access {
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
 * Why a follower has no link to its leader: the server writes that only to its log. Does the same as the server: connects and
 * authenticates.
 */
export async function checkLeader(
  leader: Leader,
  access: Access,
): Promise<EngineProblem | undefined> {
  try {
    await ask(leader, access, 'PING');
    return undefined;
  } catch (error) {
    return problemOf(leader, error instanceof Error ? error.message : String(error));
  }
}

/** Undefined if the leader cannot be asked. */
export async function askHistory(
  leader: Leader,
  access: Access,
): Promise<UpstreamHistory | undefined> {
  try {
    const { answer: text } = await ask(leader, access, 'INFO', 'replication');
    const field = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
    return {
      replid: field('master_replid'),
      replid2: field('master_replid2'),
      until: Number(field('second_repl_offset')) - 1,
    };
  } catch {
    return undefined;
  }
}

async function ask(leader: Leader, access: Access, name: string, ...args: string[]) {
  const { passwords, tls } = access;
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
  try {
    await redis.connect();
    const password = await authenticate(redis, passwords);
    return { password, answer: String(await redis.call(name, ...args)) };
  } catch (error) {
    // If the connection has ended, the command's own error says only that.
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

/** @returns the first password that the leader accepts. @throws its refusal of the current one */
async function authenticate(redis: Redis, passwords: Passwords): Promise<string | undefined> {
  let refusal: unknown;
  for (const password of candidates(passwords)) {
    if (password === undefined) return undefined;
    try {
      await redis.call('AUTH', password);
      return password;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ReplyError')) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** Which of its passwords a member can use with a leader; undefined if there is none, or the leader does not answer. */
export async function passwordFor(leader: Leader, access: Access): Promise<string | undefined> {
  try {
    return (await ask(leader, access, 'PING')).password;
  } catch {
    return undefined;
  }
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
