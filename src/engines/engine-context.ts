import type { AgentConfig } from '../protocol/agent-config.ts';
import type { Clock } from '../lib/clock.ts';
import type { ReplicationPassword } from '../protocol/member-protocol.ts';

export { dataDir } from '../protocol/agent-config.ts';

/** What the agent gives to an engine when it creates it. */
export interface EngineContext {
  config: AgentConfig;
  /** The pod that the agent runs in. */
  pod: { name: string; uid: string | undefined; ip: string };
  passwords: Passwords;
  /** Environment for programs: that of the container, without the agent's own variables. */
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: EngineLog;
}

/**
 * The password of the database, which a user may change in its Secret at any time. The members see the change at different times, up
 * to two minutes apart. Each accepts the former passwords, too, from the moment at which it sees the change, until all have seen it.
 */
export interface Passwords {
  /** As the Secret has it; undefined if spec.engine names no Secret. It is known before the engine is started. */
  readonly current: string | undefined;
  /** Those that other members may still have. */
  readonly former: readonly string[];
  /** Every member has said that it accepts the current one. */
  readonly isShared: boolean;
  /** With which the members of a Postgres replicate, as the operator says. Undefined: the operator has not said that. */
  readonly replication: ReplicationPassword | undefined;
  /** The program accepts this password from now on, and the former ones. */
  accept(password: string): void;
  /** The program no longer needs the former passwords. */
  retire(): void;
}

/** The password that a pod of an earlier version has in its environment, or none: it never changes. */
export const fixedPassword = (current: string | undefined): Passwords => ({
  ...{ current, former: [], isShared: false, replication: undefined },
  accept() {},
  retire() {},
});

/** Those to try, the current one first. Without a password there is one attempt, without a password. */
export const candidates = ({ current, former }: Passwords): (string | undefined)[] => [
  current,
  ...former,
];

/** The log of the agent: fields first, as in telemetry. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
