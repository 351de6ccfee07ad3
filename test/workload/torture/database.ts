import { HttpDatabase } from './http.ts';
import { PostgresDatabase } from './postgres.ts';
import { RedisDatabase } from './redis.ts';
import type { Database, DatabaseOptions } from './session.ts';

export function createDatabase(options: DatabaseOptions): Database {
  switch (options.engine) {
    case 'redis':
      return new RedisDatabase(options);
    case 'postgres':
      return new PostgresDatabase(options);
    case 'http':
      return new HttpDatabase(options);
  }
}
