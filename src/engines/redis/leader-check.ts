import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import type { Order } from '../../api/member-protocol.ts';
import type { Problem } from './problems.ts';

export interface LeaderCheck {
  leader: Order<'follow'>['leader'];
  password: string | undefined;
  /** Folder of the certificates; undefined: in the clear. */
  tls: string | undefined;
}

const timeoutMs = 2_000;

/**
 * Why a follower has no link to its leader: the server writes that only to its log. Tries what it tries: to connect and to
 * authenticate.
 */
export async function checkLeader(check: LeaderCheck): Promise<Problem | undefined> {
  const { leader, password, tls } = check;
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
  let reason = '';
  redis.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
  try {
    await redis.connect();
    if (password !== undefined) await redis.call('AUTH', password);
    await redis.call('PING');
    return undefined;
  } catch (error) {
    return problemOf(leader, reason || (error instanceof Error ? error.message : String(error)));
  } finally {
    redis.disconnect();
  }
}

function problemOf({ member, host, port }: LeaderCheck['leader'], reason: string): Problem {
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/.test(reason)) {
    return {
      reason: 'WrongPassword',
      message: `${member} refuses its password: see that the Secret has not changed since ${member} or this member was started, and restart the one that has the old one`,
    };
  }
  return {
    reason: 'LeaderUnreachable',
    message: `it cannot talk to ${member} at ${host} port ${port} (${reason}): check the network between them, NetworkPolicies and, with TLS, that one ca.crt signed all certificates`,
  };
}

/** As the server checks it: who signed the certificate, not for which name. */
async function tlsOptions(folder: string) {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))),
  );
  return { ca, cert, key, checkServerIdentity: () => undefined };
}
