import type { AgentConfig } from '../protocol/agent-config.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import { ExecEngine } from '../engines/exec.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import { UnmanagedEngine } from './unmanaged-engine.ts';
import { PostgresEngine } from '../engines/postgres/postgres.ts';
import { passwordFault as faultInPostgres } from '../engines/postgres/saslprep.ts';
import { passwordFault as faultInRedis } from '../engines/redis/password-fault.ts';
import { RedisEngine } from '../engines/redis/redis-engine.ts';

/** The engine that spec.engine names. A new engine is added here. */
export function createEngine(context: EngineContext): ManagedEngine {
  const { type } = context.config.engine;
  switch (type) {
    case 'Exec':
      return new ExecEngine(context);
    case 'TCP':
    case 'HTTP':
    case 'GRPC':
      return new UnmanagedEngine(context);
    case 'Redis':
      return new RedisEngine(context);
    case 'Postgres':
      return new PostgresEngine(context);
  }
}

type FaultOf = (password: string) => string | undefined;

/** Tells why the program of this engine cannot use a password; undefined: it can, as far as is known. */
export function passwordCheck({ engine: { type } }: AgentConfig): FaultOf {
  if (type === 'Postgres') return faultInPostgres;
  return type === 'Redis' ? faultInRedis : () => undefined;
}
