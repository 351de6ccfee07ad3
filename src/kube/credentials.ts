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

const text = (value: unknown) => (value === undefined ? '' : String(value as string));

/** The kubeconfig's credentials as they are now: rotated tokens and certificates are followed. */
export class CredentialSource {
  readonly #config: KubeConfig;
  readonly #now: () => number;
  #current: Promise<Credentials> | undefined;
  #readAt = -Infinity;

  constructor(config: KubeConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  get server(): string {
    return this.#config.getCurrentCluster()?.server ?? '';
  }

  get(): Promise<Credentials> {
    if (this.#current === undefined || this.#now() - this.#readAt > freshMs) {
      this.#readAt = this.#now();
      const reading = this.#read();
      this.#current = reading;
      reading.catch(() => {
        if (this.#current === reading) this.#current = undefined;
      });
    }
    return this.#current;
  }

  /** The API server refused them: ask again at the next call. */
  invalidate(): void {
    this.#current = undefined;
  }

  async #read(): Promise<Credentials> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername, auth } = options;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = text(value);
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
