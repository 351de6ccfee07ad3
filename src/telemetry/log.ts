import { destination, pino } from 'pino';

/** The interface by which the whole project logs, so that callers need not know pino. Fields come first, as in pino. Never throws. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Returns a log that adds `fields` to every line. */
  child(fields: object): Log;
}

/** Fields in which an error, a request or a kubeconfig may contain a secret. */
const secrets = [
  ...['authorization', 'Authorization', 'token', 'password'].flatMap((name) => [
    name,
    `*.${name}`,
    `*.headers.${name}`,
  ]),
  ...['key', 'cert', 'ca'].map((name) => `*.${name}`),
];

/**
 * Writes JSON lines to standard output, with the time in RFC 3339 and the name of the level. A field `error` is written with its
 * code, message, stack and cause. Level: LOG_LEVEL (debug, info, warn, error, silent), default info.
 */
export function createLog(options: { level?: string; write?: (line: string) => void } = {}): Log {
  const level = options.level ?? process.env['LOG_LEVEL'] ?? 'info';
  const write = options.write;
  return pino(
    {
      level: level in pino.levels.values || level === 'silent' ? level : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
      redact: { paths: secrets, censor: '[secret]' },
    },
    write === undefined ? destination({ fd: 1, sync: true }) : { write },
  );
}

/** Discards everything: for tests and tools. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
