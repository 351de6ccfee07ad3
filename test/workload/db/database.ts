import { createDatabase } from '../torture/database.ts';
import type { Database, DatabaseOptions } from '../torture/session.ts';
import { SentinelDatabase } from './sentinel.ts';

/** The database of a URL: see readDbOptions. */
export function databaseOf(url: URL, timeoutMs: number, stop: AbortSignal): Database {
  const wait = Number(url.searchParams.get('wait') ?? '0');
  const options = (engine: 'redis' | 'postgres', port: number): DatabaseOptions => ({
    engine,
    host: url.hostname,
    port: url.port === '' ? port : Number(url.port),
    acks: wait,
    ackMs: timeoutMs,
    run: 'bench',
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  });
  if (url.protocol === 'postgres:') return createDatabase(options('postgres', 5432));
  if (url.protocol === 'redis:') return createDatabase(options('redis', 6379));
  const sentinels = url.searchParams.getAll('at').map((at) => {
    const [host = '', port] = at.split(':');
    return { host, port: Number(port) };
  });
  return new SentinelDatabase(options('redis', 6379), sentinels, url.pathname.slice(1), stop);
}
