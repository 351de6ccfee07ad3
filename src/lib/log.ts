/** The interface by which the whole project logs, so that callers need not know pino. Fields come first, as in pino. Never throws. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Returns a log that adds `fields` to every line. */
  child(fields: object): Log;
}

/** Discards everything: for tests and tools. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
