import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHAError } from '../../api/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EngineProblem } from '../managed-engine.ts';

/** How often the agent compares the files: cert-manager renews days before the end. Milliseconds. */
const renewMs = 60_000;

/** The settings of the server that name its certificate, its key and its CA. */
export const tlsFiles = (folder: string): [string, string][] => [
  ['tls-cert-file', join(folder, 'tls.crt')],
  ['tls-key-file', join(folder, 'tls.key')],
  ['tls-ca-cert-file', join(folder, 'ca.crt')],
];

/** The server, as LocalClient.call. */
interface Caller {
  call(commands: string[][], signal: AbortSignal): Promise<unknown>;
}

/** The certificates in a mounted Secret, which the kubelet replaces when they are renewed. The server reads them only when told. */
export class Certificates {
  readonly #folder: string;
  readonly #clock: Clock;
  #lookedAt: number;
  /** Content of the files that the server has read. */
  #loaded: string | undefined;
  #problem: EngineProblem | undefined;

  private constructor(folder: string, clock: Clock, loaded: string | undefined) {
    this.#folder = folder;
    this.#clock = clock;
    this.#lookedAt = clock.now();
    this.#loaded = loaded;
  }

  /** Call this before the server starts: a renewal in between is then noticed, too. */
  static async open(folder: string, clock: Clock): Promise<Certificates> {
    return new Certificates(folder, clock, await contentOf(folder));
  }

  /**
   * Gives renewed certificates to the server, for new connections; open ones stay. All of them in one command, as a certificate and
   * the key of another one are refused; and the same names again, as the server reads the files of a name that it is told.
   *
   * @returns why the server has refused them; they are tried again
   * @throws what `call` of the server throws if that does not answer
   */
  async renew(server: Caller, signal: AbortSignal): Promise<EngineProblem | undefined> {
    const now = this.#clock.now();
    if (now - this.#lookedAt < renewMs) return this.#problem;
    const content = await contentOf(this.#folder);
    const problem = content === this.#loaded ? undefined : await this.#load(server, signal);
    if (problem === undefined) this.#loaded = content;
    this.#problem = problem;
    this.#lookedAt = now;
    return problem;
  }

  async #load(server: Caller, signal: AbortSignal): Promise<EngineProblem | undefined> {
    try {
      await server.call([['CONFIG', 'SET', ...tlsFiles(this.#folder).flat()]], signal);
      return undefined;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_PROBE_ANSWER')) throw error;
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      return {
        reason: 'CertificateRefused',
        message: `the server refuses the renewed certificate in ${this.#folder}, and goes on with the former one (${why}): check that tls.crt, tls.key and ca.crt of the Secret belong together`,
      };
    }
  }
}

/** Undefined if a file cannot be read. */
async function contentOf(folder: string): Promise<string | undefined> {
  try {
    const files = tlsFiles(folder).map(([, path]) => readFile(path, 'utf8'));
    return (await Promise.all(files)).join('\n');
  } catch {
    return undefined;
  }
}
