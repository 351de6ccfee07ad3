import type { EngineContext } from '../engines/engine-context.ts';
import { ExecEngine } from '../engines/exec.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import { PlainEngine } from './plain-engine.ts';
import { PostgresEngine } from '../engines/postgres/postgres.ts';
import { RedisEngine } from '../engines/redis/redis-engine.ts';

/** The engine that spec.engine names. A new one is joined in here. */
export function createEngine(context: EngineContext): ManagedEngine {
  const { type } = context.config.engine;
  switch (type) {
    case 'Exec':
      return new ExecEngine(context);
    case 'TCP':
    case 'HTTP':
    case 'GRPC':
      return new PlainEngine(context);
    case 'Redis':
      return new RedisEngine(context);
    case 'Postgres':
      return new PostgresEngine(context);
  }
}
