import { parseArgs } from 'node:util';

export interface Target {
  /** Repeated in each report. */
  name: string | undefined;
  url: URL;
}

export interface ClientOptions {
  targets: Target[];
  /** How often a request is sent on each kind of connection to each target. Milliseconds. */
  intervalMs: number;
  /** After how long a request is abandoned. Milliseconds. */
  timeoutMs: number;
  seconds: number | undefined;
}

/**
 * `[--interval MS] [--timeout MS] [--seconds N] [NAME=]URL...`; a target may also be given as `--target [NAME=]URL`.
 *
 * @throws Error that says what is wrong.
 */
export function readOptions(args: string[]): ClientOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      target: { type: 'string', multiple: true, default: [] },
      interval: { type: 'string', default: '10' },
      timeout: { type: 'string', default: '1000' },
      seconds: { type: 'string' },
    },
  });
  const targets = [...values.target, ...positionals].map(readTarget);
  if (targets.length === 0) throw new Error('give at least one target: [NAME=]http://HOST[:PORT]/');
  return {
    targets,
    intervalMs: positive('--interval', values.interval),
    timeoutMs: positive('--timeout', values.timeout),
    seconds: values.seconds === undefined ? undefined : positive('--seconds', values.seconds),
  };
}

function readTarget(text: string): Target {
  const [, name, address = ''] = /^(?:([\w-]+)=)?(.*)$/.exec(text) ?? [];
  const url = URL.parse(address);
  if (url?.protocol !== 'http:') {
    throw new Error(`a target is [NAME=]http://HOST[:PORT]/, not ${text}`);
  }
  return { name, url };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0 && number < Infinity) return number;
  throw new Error(`${name} must be a number above 0, not ${text}`);
}
