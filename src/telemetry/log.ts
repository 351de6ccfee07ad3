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

/** An error of a Redis client names the command that was refused with its arguments: passwords. */
function withoutCommands(error: unknown): unknown {
  const written: unknown = pino.stdSerializers.errWithCause(error as Error);
  for (let each = written; typeof each === 'object' && each !== null;) {
    if ('command' in each) delete each.command;
    each = 'cause' in each ? each.cause : undefined;
  }
  return written;
}

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
      serializers: { error: withoutCommands },
      redact: { paths: secrets, censor: '[secret]' },
    },
    write === undefined ? destination({ fd: 1, sync: true }) : { write },
  );
}
