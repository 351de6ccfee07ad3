import { destination, pino } from 'pino';

/** What the whole project logs through, so that core and kube need not know pino. Fields come first, as with pino. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that adds `fields` to every line. */
  child(fields: object): Log;
}

/** Where a secret could come along with an error, a request or a kubeconfig. */
const secrets = [
  ...['authorization', 'Authorization', 'token', 'password'].flatMap((name) => [
    name,
    `*.${name}`,
    `*.headers.${name}`,
  ]),
  ...['key', 'cert', 'ca'].map((name) => `*.${name}`),
];

/**
 * JSON lines on standard output, with the time in RFC 3339 and the level by name. An `error` field is written with
 * its code, message, stack and cause. Level: LOG_LEVEL (debug, info, warn, error, silent), default info.
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

/** Says nothing: for tests and tools. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
