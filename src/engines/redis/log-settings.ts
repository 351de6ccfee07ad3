import type { EngineProblem } from '../managed-engine.ts';
import { maxLagSeconds } from './commands.ts';
import type { Server } from './server.ts';

/**
 * A leader in Strong has each write on its disk before it answers. With `everysec` Redis delays the write itself, not only the
 * sync, for up to two seconds while an earlier sync is in progress (flushAppendOnlyFile): after a SIGKILL its disk lacks writes
 * that followers hold and WAIT has confirmed, and the position that a restarted leader reports would be too low. With
 * no-appendfsync-on-rewrite there is no sync at all while the log is rewritten.
 */
const strict = { appendfsync: 'always', 'no-appendfsync-on-rewrite': 'no' } as const;

const set = (values: Record<string, string>) => ['CONFIG', 'SET', ...Object.entries(values).flat()];

/** For the same reason a fenced member writes all data to its disk before it answers: its position may make it the leader. */
export const syncAll = set(strict);

/** The user's own values, for followers, and for a leader that needs no acknowledgement. @returns the command that sets them */
export async function askOwnSync(server: Server, signal: AbortSignal): Promise<string[]> {
  return set({ ...strict, ...(await ask(server, Object.keys(strict), signal)) });
}

/** For a leader in Strong: settings that somebody has changed, so that a confirmed write can be lost. */
export async function weakSettings(
  server: Server,
  signal: AbortSignal,
): Promise<EngineProblem | undefined> {
  const wished: Record<string, string> = {
    ...strict,
    'min-replicas-max-lag': String(maxLagSeconds),
  };
  const now = await ask(server, Object.keys(wished), signal);
  const changed = Object.entries(wished).filter(([name, value]) => now[name] !== value);
  if (changed.length === 0) return undefined;
  const values = changed.map(([name]) => `${name} is ${now[name] ?? 'unknown'}`).join(' and ');
  return {
    reason: 'WeakSettings',
    message: `${values}: somebody has changed that, and writes that WAIT has confirmed can be lost: run ${set(Object.fromEntries(changed)).join(' ')}`,
  };
}

async function ask(
  server: Server,
  names: string[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const [answer] = await server.call([['CONFIG', 'GET', ...names]], signal);
  const flat = (answer as unknown[]).map(String);
  return Object.fromEntries(names.map((name) => [name, flat[flat.indexOf(name) + 1] ?? '']));
}
