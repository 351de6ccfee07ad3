import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSpec } from '../api/engine-spec.ts';
import type { EngineProblem } from '../engines/managed-engine.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { passwordFile, passwordFolder } from '../protocol/agent-config.ts';

/** How often the agent looks for a password that is missing. Milliseconds. */
const pollMs = 1_000;

/** The password in a file. One final newline is not a part of it: editors and `echo` write one. */
export const passwordOf = (text: string): string => text.replace(/\r?\n$/, '');

/** The password of the database in the mounted Secret, which the kubelet keeps up to date. */
export class PasswordFile {
  /** Why there is no password yet. */
  problem: EngineProblem | undefined;
  readonly #secret: NonNullable<EngineSpec['passwordSecret']>;
  readonly #clock: Clock;
  readonly #path: string;
  #password: string | undefined;

  constructor(
    secret: NonNullable<EngineSpec['passwordSecret']>,
    clock: Clock,
    folder = passwordFolder,
  ) {
    this.#secret = secret;
    this.#clock = clock;
    this.#path = join(folder, passwordFile);
  }

  get password(): string | undefined {
    return this.#password;
  }

  /** Resolves when there is a password. @throws the signal's reason */
  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.problem = await this.#read();
      if (this.problem === undefined) return;
      await sleep(this.#clock, pollMs, signal);
      signal.throwIfAborted();
    }
  }

  async #read(): Promise<EngineProblem | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      return this.#unreadable(error);
    }
    const password = passwordOf(text);
    if (password === '') return this.#missing('holds an empty password');
    this.#password = password;
    return undefined;
  }

  #missing(what: string): EngineProblem {
    const { name, key } = this.#secret;
    const command = `kubectl create secret generic ${name} --from-literal=${key}=PASSWORD --dry-run=client -o yaml | kubectl apply -f -`;
    return {
      reason: 'PasswordMissing',
      message: `the Secret ${name}, which engine.passwordSecret names, ${what}: run, in the namespace of the service, ${command}; the kubelet brings the password to the pod within two minutes`,
    };
  }

  #unreadable(error: unknown): EngineProblem {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') {
      return this.#missing(`does not exist, or has no key ${this.#secret.key}`);
    }
    return {
      reason: 'PasswordMissing',
      message: `the agent, which runs as user ${process.getuid?.()}, cannot read ${this.#path} (${code}): write fsGroup in spec.template.spec.securityContext`,
    };
  }
}
