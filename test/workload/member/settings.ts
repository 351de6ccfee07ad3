export const misbehaviours = [
  'none',
  'unhealthy',
  'slow-healthz',
  'hook-500',
  'hook-hang',
  'hook-50mb',
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

export function isMisbehaviour(text: string): text is Misbehaviour {
  return (misbehaviours as readonly string[]).includes(text);
}

export interface MemberSettings {
  pod: string;
  zone: string | undefined;
  /** Undefined: it listens on no port. */
  ports: { http: number; line: number } | undefined;
  /** Whether the member waits for hooks to tell its role. */
  hooks: boolean;
  misbehaviour: Misbehaviour;
}

/**
 * POD_NAME (default: hostname), ZONE, PORT (8080), LINE_PORT (9090), HOOKS=true, MISBEHAVE=unhealthy|..., LISTEN=none.
 *
 * @throws Error for an invalid value.
 */
export function readSettings(
  env: Record<string, string | undefined>,
  hostname: string,
): MemberSettings {
  const misbehaviour = env['MISBEHAVE'] ?? 'none';
  if (!isMisbehaviour(misbehaviour)) {
    throw new Error(`MISBEHAVE must be one of ${misbehaviours.join(', ')}, not ${misbehaviour}`);
  }
  const ports = { http: port(env, 'PORT', 8080), line: port(env, 'LINE_PORT', 9090) };
  return {
    pod: env['POD_NAME'] ?? hostname,
    zone: env['ZONE'],
    ports: choice(env, 'LISTEN', ['none']) === 'none' ? undefined : ports,
    hooks: choice(env, 'HOOKS', ['true', 'false']) === 'true',
    misbehaviour,
  };
}

function port(env: Record<string, string | undefined>, name: string, otherwise: number): number {
  const number = Number(env[name] ?? otherwise);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new Error(`${name} must be a port from 0 to 65535, not ${env[name]}`);
}

function choice(
  env: Record<string, string | undefined>,
  name: string,
  values: readonly string[],
): string | undefined {
  const value = env[name];
  if (value === undefined || values.includes(value)) return value;
  throw new Error(`${name} must be ${values.join(' or ')}, not ${value}`);
}
