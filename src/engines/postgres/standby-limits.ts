import type { EngineProblem } from '../managed-engine.ts';
import { literal } from './quote.ts';
import type { Session } from './session.ts';
import type { Tools } from './tools.ts';

/** Milliseconds. */
const askMs = 10_000;

/**
 * Settings of which a standby needs at least the value with which its log was written, or it does not start (xlogrecovery.c,
 * CheckRequiredParameterValues), by their names in the output of pg_controldata.
 */
const settings = {
  'max_connections setting': 'max_connections',
  'max_worker_processes setting': 'max_worker_processes',
  'max_wal_senders setting': 'max_wal_senders',
  'max_prepared_xacts setting': 'max_prepared_transactions',
  'max_locks_per_xact setting': 'max_locks_per_transaction',
} as const;

export const limitNames: readonly string[] = Object.values(settings);

export interface Limit {
  name: string;
  /** With which the log was written. */
  needed: number;
}

/** A limit for which somebody asks for less than the log needs. */
export interface KeptLimit extends Limit {
  asked: number;
}

/** What a person should know of the limits that are kept. */
export function keptProblem(kept: readonly KeptLimit[]): EngineProblem | undefined {
  if (kept.length === 0) return undefined;
  const shown = kept.map(({ name, needed, asked }) => `${name} = ${needed}, not ${asked}`);
  const message = `the log was written with higher limits than the args, postgresql.conf or ALTER SYSTEM ask for, and no standby starts with less, so that these count: ${shown.join('; ')}: ask for what counts, as lower limits need a new data set (dump and restore)`;
  return { reason: 'LimitKept', message };
}

/** The limits in the output of pg_controldata. */
export const limitsIn = (field: (name: string) => string): Limit[] =>
  Object.entries(settings).flatMap(([label, name]) => {
    const needed = Number(field(label));
    return field(label) === '' || !Number.isInteger(needed) ? [] : [{ name, needed }];
  });

/** The limits of which the running server has less than the log that it has received asks for. */
export async function limitsExceeded(session: Session, limits: readonly Limit[]): Promise<Limit[]> {
  const names = limits.map(({ name }) => literal(name)).join();
  const rows = await session.rows<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN (${names})`,
  );
  const own = new Map(rows.map(({ name, setting }) => [name, Number(setting)]));
  return limits.filter(({ name, needed }) => (own.get(name) ?? needed) < needed);
}

/**
 * The limits for which the template, postgresql.conf or ALTER SYSTEM ask for less than the log needs. A member in which somebody has
 * lowered such a setting would otherwise not start, while its leader still has the higher value.
 *
 * @param args arguments of the server
 * @param limits of the control file
 */
export async function limitsToKeep(
  tools: Tools,
  data: string,
  args: readonly string[],
  limits: readonly Limit[],
  signal: AbortSignal,
): Promise<KeptLimit[]> {
  const kept = async ({ name, needed }: Limit): Promise<KeptLimit[]> => {
    const ask = ['-D', data, ...args, '-C', name];
    try {
      const text = await tools.run('postgres', ask, { signal, timeoutMs: askMs });
      const asked = Number(text.trim());
      return asked < needed ? [{ name, needed, asked }] : [];
    } catch {
      // The server itself, which is started next with the same settings, says better what is wrong with them.
      signal.throwIfAborted();
      return [];
    }
  };
  return (await Promise.all(limits.map(kept))).flat();
}
