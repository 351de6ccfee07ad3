import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';

/** How long credentials are used before the files or the plugin are read again. */
const freshMs = 10_000;

export interface TlsOptions {
  ca?: RequestOptions['ca'];
  cert?: RequestOptions['cert'];
  key?: RequestOptions['key'];
  rejectUnauthorized?: boolean;
  servername?: string;
}

export interface Credentials {
  tls: TlsOptions;
  headers: Record<string, string>;
  /** Changes if the certificates do: then connections must be replaced. */
  identity: string;
}

const text = (value: { toString: () => string } | undefined) => value?.toString() ?? '';

/**
 * The current credentials of the kubeconfig: follows rotated tokens and certificates. Only the first call waits for files or a
 * plugin: later ones use the known credentials while they are read again, even if that fails for a while.
 */
export class CredentialSource {
  readonly #config: KubeConfig;
  readonly #now: () => number;
  #known: Credentials | undefined;
  #reading: Promise<Credentials> | undefined;
  #readAt = -Infinity;

  constructor(config: KubeConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  /** Address of the API server: origin, and the path under which a gateway serves it, without a trailing slash. */
  get server(): { origin: string; path: string } {
    const { origin, pathname } = new URL(this.#config.getCurrentCluster()?.server ?? '');
    return { origin, path: pathname.replace(/\/+$/, '') };
  }

  async get(): Promise<Credentials> {
    if (this.#known === undefined) return this.#refresh();
    if (this.#now() - this.#readAt > freshMs) this.#refresh().catch(() => {});
    return this.#known;
  }

  /** The API server has refused these credentials: the next call reads them again. */
  refused(credentials: Credentials): void {
    if (this.#known === credentials) this.#known = undefined;
  }

  #refresh(): Promise<Credentials> {
    this.#reading ??= this.#read()
      .then((credentials) => (this.#known = credentials))
      .finally(() => {
        this.#reading = undefined;
        this.#readAt = this.#now();
      });
    return this.#reading;
  }

  async #read(): Promise<Credentials> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername, auth } = options;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = text(value);
    const provider = this.#config.getCurrentUser()?.authProvider as
      { config?: { tokenFile?: unknown } } | undefined;
    const tokenFile = provider?.config?.tokenFile;
    if (typeof tokenFile === 'string') {
      // The client itself reads it up to a minute late, and includes the newline at the end, which no header may contain.
      headers['Authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
    }
    if (typeof auth === 'string') {
      headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
    }
    return {
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
        ...(servername === undefined ? {} : { servername }),
      },
      headers,
      identity: [ca, cert, key].map(text).join('\n'),
    };
  }
}
