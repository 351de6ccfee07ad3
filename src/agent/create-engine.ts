import type { EngineContext } from '../engines/engine-context.ts';
import { ExecEngine } from '../engines/exec.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import { UnmanagedEngine } from './unmanaged-engine.ts';
import { PostgresEngine } from '../engines/postgres/postgres.ts';
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
