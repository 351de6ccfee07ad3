import { destination, pino } from 'pino';
import type { Log } from '../lib/log.ts';

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
