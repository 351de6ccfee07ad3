import type { AgentConfig } from '../protocol/agent-config.ts';
import type { Clock } from '../lib/clock.ts';

export { dataDir } from '../protocol/agent-config.ts';

/** What the agent gives to an engine when it creates it. */
export interface EngineContext {
  config: AgentConfig;
  /** The pod that the agent runs in. */
  pod: { name: string; uid: string | undefined; ip: string };
  /** Password of the database; undefined if spec.engine names no Secret. It is known before the engine is started. */
  password: () => string | undefined;
  /** Environment for programs: that of the container, without the agent's own variables. */
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: EngineLog;
}

/** The log of the agent: fields first, as in telemetry. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
