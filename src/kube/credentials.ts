import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';

/** How long credentials are believed before the files or the plugin behind them are asked again. */
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
  /** Changes when the certificates do: then connections must be made anew. */
  identity: string;
}

const text = (value: { toString: () => string } | undefined) => value?.toString() ?? '';

/**
 * The kubeconfig's credentials as they are now: rotated tokens and certificates are followed. Only the first call waits
 * for files or a plugin: later ones go on with what is known while it is read again, also where that fails for a while.
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

  /** Where the API server is: origin, and the path that a gateway has it under, without a slash at its end. */
  get server(): { origin: string; path: string } {
    const { origin, pathname } = new URL(this.#config.getCurrentCluster()?.server ?? '');
    return { origin, path: pathname.replace(/\/+$/, '') };
  }

  async get(): Promise<Credentials> {
    if (this.#known === undefined) return this.#refresh();
    if (this.#now() - this.#readAt > freshMs) this.#refresh().catch(() => {});
    return this.#known;
  }

  /** The API server has refused these: the next call reads anew. */
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
      // The client's own reading is up to a minute old, and takes a line's end along, which no header may hold.
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
