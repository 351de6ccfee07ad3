import { parseArgs } from 'node:util';

export interface DbTarget {
  /** Repeated in each report. */
  name: string;
  url: URL;
}

export interface DbOptions {
  targets: DbTarget[];
  /** How often a write is sent on each kind of connection to each target. Milliseconds. */
  intervalMs: number;
  /** After how long a write is abandoned, including the time to connect. Milliseconds. */
  timeoutMs: number;
}

const schemes = ['redis:', 'sentinel:', 'postgres:'];

/**
 * `[--interval MS] [--timeout MS] NAME=URL...` with a URL of these kinds; `wait` is how many replicas must have a write:
 *
 * - `redis://[:PASSWORD@]HOST[:PORT][?wait=N]`
 * - `sentinel:///MASTER?at=HOST:PORT&at=HOST:PORT...[&wait=N]`
 * - `postgres://[:PASSWORD@]HOST[:PORT]`
 *
 * @throws Error that says what is wrong.
 */
export function readDbOptions(args: string[]): DbOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      interval: { type: 'string', default: '10' },
      timeout: { type: 'string', default: '1000' },
    },
  });
  const targets = positionals.map(readTarget);
  if (targets.length === 0) throw new Error('give at least one target: NAME=redis://HOST');
  return {
    targets,
    intervalMs: positive('--interval', values.interval),
    timeoutMs: positive('--timeout', values.timeout),
  };
}

function readTarget(text: string): DbTarget {
  const [, name = '', address = ''] = /^([\w-]+)=(.*)$/.exec(text) ?? [];
  const url = URL.parse(address);
  if (url === null || name === '' || !schemes.includes(url.protocol)) {
    throw new Error(`a target is NAME=redis://..., sentinel://... or postgres://..., not ${text}`);
  }
  return { name, url };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0 && number < Infinity) return number;
  throw new Error(`${name} must be a number above 0, not ${text}`);
}
