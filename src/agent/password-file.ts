import { isUtf8 } from 'node:buffer';
import { scrypt } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineSpec } from '../api/engine-spec.ts';
import type { EngineLog, Passwords } from '../engines/engine-context.ts';
import type { EngineProblem } from '../engines/managed-engine.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { isFormerPasswordFile, passwordFile, passwordFolder } from '../protocol/agent-config.ts';
import type { MemberReport, ReplicationPassword } from '../protocol/member-protocol.ts';

/** How often the agent looks for a password that is missing, and for a changed one. Milliseconds. */
const pollMs = 1_000;

/**
 * Everybody who reaches the port of the agent reads the id of a password. 16 bits say nearly nothing of a password, and two passwords
 * that follow each other have the same id once in 65,536 changes: members then retire the former one at once, and a member that has
 * only that one waits for its kubelet.
 */
const idBytes = 2;

interface Options {
  secret: NonNullable<EngineSpec['passwordSecret']>;
  service: string;
  /** Why the program cannot use a password. */
  faultOf: (password: string) => string | undefined;
  clock: Clock;
  log: EngineLog;
  folder?: string;
}

/** The password in a file. One final newline is not a part of it: editors and `echo` write one. */
export const passwordOf = (text: string): string => text.replace(/\r?\n$/, '');

/** The password of the database in the mounted Secret, which the kubelet keeps up to date. */
export class PasswordFile implements Passwords {
  /** Why there is no password yet, or the changed one is not taken over. */
  problem: EngineProblem | undefined;
  readonly #options: Options;
  readonly #folder: string;
  readonly #path: string;
  #current: string | undefined;
  #former: string[] = [];
  /** The current password, once the program accepts it. */
  #accepted: { password: string; id: string } | undefined;
  #id = '';
  #sharedId: string | undefined;
  #replication: ReplicationPassword | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#folder = options.folder ?? passwordFolder;
    this.#path = join(this.#folder, passwordFile);
  }

  get current(): string | undefined {
    return this.#current;
  }

  get former(): readonly string[] {
    return this.#former;
  }

  get isShared(): boolean {
    return this.#accepted?.password === this.#current && this.#accepted?.id === this.#sharedId;
  }

  get replication(): ReplicationPassword | undefined {
    return this.#replication;
  }

  /** For the report of the member: absent as long as the program does not accept the password. */
  get report(): MemberReport['password'] {
    if (this.#accepted === undefined) return undefined;
    return { id: this.#accepted.id, former: this.#former.length > 0 };
  }

  accept(password: string): void {
    if (password === this.#current) this.#accepted = { password, id: this.#id };
  }

  /** The operator says that every member accepts the password with this id. */
  share(id: string): void {
    this.#sharedId = id;
  }

  /** The operator says with which password the members replicate. */
  replicateWith(password: ReplicationPassword): void {
    this.#replication = password;
  }

  retire(): void {
    this.#former = [];
  }

  /** Resolves when there is a password. @throws the signal's reason */
  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#read();
      if (this.problem === undefined) return;
      await sleep(this.#options.clock, pollMs, signal);
      signal.throwIfAborted();
    }
  }

  /** Takes over each change of the file, until the signal comes. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, pollMs, signal);
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    try {
      const bytes = await readFile(this.#path);
      const text = bytes.toString();
      const password = passwordOf(text);
      const fault = isUtf8(bytes) ? this.#options.faultOf(password) : 'it is not text in UTF-8';
      if (password === '') this.problem = this.#missing('holds an empty password');
      else this.problem = fault === undefined ? undefined : this.#refused(fault);
      if (this.problem === undefined) await this.#set(password, text);
    } catch (error) {
      this.problem = this.#unreadable(error);
    }
  }

  async #set(password: string, text: string): Promise<void> {
    const before = this.#current;
    if (password === before) return;
    const id = await idOf(password, this.#options.service);
    // An earlier version of the operator took a final newline for a part of the password.
    const others =
      before === undefined ? [text, ...(await this.#formerFiles())] : [before, ...this.#former];
    this.#former = others.filter((other) => other !== password);
    this.#id = id;
    this.#current = password;
    // What the operator has said of this password before a change back to it holds no longer.
    this.#sharedId = undefined;
    if (before !== undefined) {
      this.#options.log.info({}, 'the password in the Secret has changed: taking it over');
    }
  }

  /** Passwords of members that were made before engine.passwordSecret named another Secret. */
  async #formerFiles(): Promise<string[]> {
    const names = (await readdir(this.#folder)).filter((name) => isFormerPasswordFile.test(name));
    const texts = names.map((name) => readFile(join(this.#folder, name), 'utf8').catch(() => ''));
    return (await Promise.all(texts)).map(passwordOf).filter((former) => former !== '');
  }

  #missing(what: string): EngineProblem {
    const { name, key } = this.#options.secret;
    const command = `kubectl create secret generic ${name} --from-literal=${key}=PASSWORD --dry-run=client -o yaml | kubectl apply -f -`;
    return {
      reason: 'PasswordMissing',
      message: `the Secret ${name}, which engine.passwordSecret names, ${what}: run, in the namespace of the service, ${command}; the kubelet brings the password to the pod within two minutes`,
    };
  }

  #refused(fault: string): EngineProblem {
    const { name, key } = this.#options.secret;
    const now =
      this.#current === undefined
        ? 'the program waits for another one'
        : 'the program goes on with the former one';
    return {
      reason: 'PasswordRefused',
      message: `the password under the key ${key} of the Secret ${name} cannot be used: ${fault}; ${now}`,
    };
  }

  #unreadable(error: unknown): EngineProblem {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') {
      return this.#missing(`does not exist, or has no key ${this.#options.secret.key}`);
    }
    return {
      reason: 'PasswordMissing',
      message: `the agent, which runs as user ${process.getuid?.()}, cannot read ${this.#path} (${code}): write fsGroup in spec.template.spec.securityContext`,
    };
  }
}

async function idOf(password: string, salt: string): Promise<string> {
  const derive = promisify<string, string, number, Buffer>(scrypt);
  return (await derive(password, salt, idBytes)).toString('hex');
}
