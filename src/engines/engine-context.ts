import type { AgentConfig } from '../api/agent-config.ts';
import type { Clock } from '../core/clock.ts';

/** What an engine in the agent is given. */
export interface EngineContext {
  config: AgentConfig;
  /** Of this pod. */
  pod: { name: string; uid: string | undefined; ip: string };
  /** Of the database, where spec.engine names a Secret. */
  password: string | undefined;
  /** Environment for programs: that of the container, without what is the agent's own. */
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: EngineLog;
}

/** As in telemetry: fields first. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Folder of the data, which a volume holds. The agent keeps its own state in `.haservice/` in it, so that an engine which
 * replaces all data (clone, rewind) does so in a folder of its own below it.
 */
export function dataDir({ engine }: AgentConfig): string {
  return engine.dataDir ?? (engine.type === 'Postgres' ? '/var/lib/postgresql/data' : '/data');
}
