import { HttpDatabase } from './http.ts';
import { PostgresDatabase } from './postgres.ts';
import { RedisDatabase } from './redis.ts';
import {
  type ConnectionOptions,
  type Database,
  type DatabaseOptions,
  type Session,
  WrongPassword,
} from './session.ts';

export function createDatabase({ engine, passwords = [], ...options }: DatabaseOptions): Database {
  const [first, ...others] = passwords.map((password) => create(engine, { ...options, password }));
  if (first === undefined) return create(engine, options);
  return others.length === 0 ? first : new PasswordsDatabase(first, others);
}

function create(engine: DatabaseOptions['engine'], options: ConnectionOptions): Database {
  switch (engine) {
    case 'redis':
      return new RedisDatabase(options);
    case 'postgres':
      return new PostgresDatabase(options);
    case 'http':
      return new HttpDatabase(options);
  }
}

/** The same database with one password and with others, as clients do whose password may be renewed: first that which was right last. */
class PasswordsDatabase implements Database {
  #likely: Database;
  #others: readonly Database[];

  constructor(first: Database, others: readonly Database[]) {
    this.#likely = first;
    this.#others = others;
  }

  async connect(signal: AbortSignal): Promise<Session> {
    const all = [this.#likely, ...this.#others];
    for (const database of all) {
      try {
        const session = await database.connect(signal);
        this.#likely = database;
        this.#others = all.filter((other) => other !== database);
        return session;
      } catch (error) {
        if (!(error instanceof WrongPassword)) throw error;
      }
    }
    throw new WrongPassword('no password is right');
  }

  async prepare(session: Session): Promise<void> {
    await this.#likely.prepare?.(session);
  }
}
