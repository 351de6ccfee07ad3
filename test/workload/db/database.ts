import { PostgresDatabase } from '../torture/postgres.ts';
import { RedisDatabase } from '../torture/redis.ts';
import type { ConnectionOptions, Database } from '../torture/session.ts';
import { SentinelDatabase } from './sentinel.ts';

/** The database of a URL: see readDbOptions. */
export function databaseOf(url: URL, timeoutMs: number, stop: AbortSignal): Database {
  const wait = Number(url.searchParams.get('wait') ?? '0');
  const options = (port: number): ConnectionOptions => ({
    host: url.hostname,
    port: url.port === '' ? port : Number(url.port),
    acks: wait,
    ackMs: timeoutMs,
    run: 'bench',
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  });
  if (url.protocol === 'postgres:') return new PostgresDatabase(options(5432));
  if (url.protocol === 'redis:') return new RedisDatabase(options(6379));
  const sentinels = url.searchParams.getAll('at').map((at) => {
    const [host = '', port] = at.split(':');
    return { host, port: Number(port) };
  });
  return new SentinelDatabase(options(6379), sentinels, url.pathname.slice(1), stop);
}
