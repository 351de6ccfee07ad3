import type { AgentConfig } from '../protocol/agent-config.ts';
import type { Clock } from '../lib/clock.ts';

export { dataDir } from '../protocol/agent-config.ts';

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
