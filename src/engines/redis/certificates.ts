import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHAError } from '../../api/errors.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { stateFolder } from '../../protocol/agent-config.ts';
import { copyCertificates, haveCertificates } from '../certificate-files.ts';
import type { EngineProblem } from '../managed-engine.ts';

/** How often the agent compares the files: cert-manager renews days before the end. Milliseconds. */
const renewMs = 60_000;
/** As often while the server cannot be started without them. Milliseconds. */
const waitMs = 1_000;

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

/**
 * The certificates in a mounted Secret, which the kubelet replaces when they are renewed. The server reads a copy of them, and only when
 * told: so it can also be started while those in the Secret do not belong together.
 */
export class Certificates {
  /** Folder of the copy, which a server reads. */
  readonly folder: string;
  readonly #mounted: string;
  readonly #clock: Clock;
  #lookedAt = -Infinity;
  /** The server has not read the copy. */
  #isStale = false;
  #problem: EngineProblem | undefined;

  /**
   * @param mounted folder of the Secret
   * @param data folder of the server's data
   */
  constructor(mounted: string, data: string, clock: Clock) {
    this.#mounted = mounted;
    this.folder = join(data, stateFolder, 'tls');
    this.#clock = clock;
  }

  /**
   * Call this before the server starts. Resolves when it can be started.
   * @param tell why it cannot; undefined: it can
   * @throws the signal's reason
   */
  async ready(
    tell: (problem: EngineProblem | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (;;) {
      this.#lookedAt = this.#clock.now();
      await this.#copy();
      if (this.#problem === undefined || (await haveCertificates(this.folder))) break;
      tell({ ...this.#problem, message: this.#problem.message.replace(goesOn, 'is not started') });
      await sleep(this.#clock, waitMs, signal);
      signal.throwIfAborted();
    }
    tell(undefined);
  }

  /**
   * Gives renewed certificates to the server, for new connections; open ones stay. All of them in one command, as a certificate and
   * the key of another one are refused; and the same names again, as the server reads the files of a name that it is told.
   *
   * @returns why the server goes on with the former ones; they are tried again
   * @throws what `call` of the server throws if that does not answer
   */
  async renew(server: Caller, signal: AbortSignal): Promise<EngineProblem | undefined> {
    const now = this.#clock.now();
    if (now - this.#lookedAt < renewMs) return this.#problem;
    this.#lookedAt = now;
    const former = tlsFiles(this.folder).map(async ([, path]): Promise<[string, Buffer]> => [
      path,
      await readFile(path),
    ]);
    const before = await Promise.all(former);
    this.#isStale ||= await this.#copy();
    if (!this.#isStale) return this.#problem;
    try {
      await server.call([['CONFIG', 'SET', ...tlsFiles(this.folder).flat()]], signal);
      this.#isStale = false;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_PROBE_ANSWER')) throw error;
      // The server can be started with these alone.
      for (const [path, content] of before) await write(path, content);
      this.#isStale = false;
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      this.#problem = this.#refused(why);
    }
    return this.#problem;
  }

  /** @returns whether the copy has changed */
  async #copy(): Promise<boolean> {
    try {
      const hasChanged = await copyCertificates(this.#mounted, this.folder, write);
      this.#problem = undefined;
      return hasChanged;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_AGENT_CONFIG')) throw error;
      this.#problem = this.#refused(error.message);
      return false;
    }
  }

  #refused(why: string): EngineProblem {
    return {
      reason: 'CertificateRefused',
      message: `the server ${goesOn}, as that in ${this.#mounted} cannot be used (${why}): check that tls.crt, tls.key and ca.crt of the Secret belong together`,
    };
  }
}

const goesOn = 'goes on with the former certificate';

/** Not flushed: a broken copy is noticed, and no heartbeat waits for the volume. */
async function write(path: string, content: Buffer): Promise<void> {
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  await writeFile(beside, content, { mode: 0o600 });
  await rename(beside, path);
}
