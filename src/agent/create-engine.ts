import { HAError } from '../api/errors.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';

/** The engine that spec.engine names. Each new one is joined in here. */
export function createEngine(context: EngineContext): ManagedEngine {
  const { type } = context.config.engine;
  switch (type) {
    case 'Redis':
    case 'Postgres':
    case 'Exec':
    case 'TCP':
    case 'HTTP':
    case 'GRPC':
      throw new HAError('HA_ERR_AGENT_CONFIG', `there is no engine of type ${type}`);
  }
}
