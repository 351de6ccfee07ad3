import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { apiError } from '../../src/kube/api-error.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { Connections } from '../../src/kube/connections.ts';
import { CredentialSource } from '../../src/kube/credentials.ts';

/** A client of the API server for demo and benchmark. The machine needs no kubectl. */
export class Api {
  readonly client: KubeClient;
  readonly #source: CredentialSource;
  readonly #connections: Connections;

  private constructor(config: KubeConfig) {
    this.client = KubeClient.fromKubeConfig(config);
    this.#source = new CredentialSource(config, () => performance.now());
    this.#connections = new Connections(this.#source);
  }

  /** Reads this file alone, neither KUBECONFIG nor ~/.kube/config. */
  static fromFile(path: string): Api {
    const config = new KubeConfig();
    config.loadFromFile(path);
    return new Api(config);
  }

  /** A context of the user's kubeconfig. @throws Error that names the known contexts. */
  static fromContext(name: string): Api {
    const config = new KubeConfig();
    config.loadFromDefault();
    const names = config.getContexts().map((context) => context.name);
    if (!names.includes(name)) {
      const known = names.length === 0 ? 'there is none' : `there are: ${names.join(', ')}`;
      throw new Error(`no context ${name} in your kubeconfig (${known})`);
    }
    config.setCurrentContext(name);
    return new Api(config);
  }

  /** The answer to GET as text, for example the log of a pod. */
  async text(path: string, signal: AbortSignal): Promise<string> {
    const parts: string[] = [];
    for await (const part of this.stream(path, signal)) parts.push(part);
    return parts.join('');
  }

  /** Sends JSON by POST, for example to a pod. @returns the answer as text. @throws HAError if the answer is no success. */
  async post(path: string, json: object, signal: AbortSignal): Promise<string> {
    const body = await this.#request('POST', path, signal, JSON.stringify(json));
    return body.text();
  }

  /**
   * Changes an object by a JSON patch (RFC 6902), in which a field can also be null; strict about unknown fields, as kubectl is.
   *
   * @returns the object. @throws HAError if the answer is no success.
   */
  async jsonPatch<T>(
    path: string,
    operations: object[],
    { signal, isDryRun }: { signal: AbortSignal; isDryRun: boolean },
  ): Promise<T> {
    const query = `?fieldValidation=Strict${isDryRun ? '&dryRun=All' : ''}`;
    const content = JSON.stringify(operations);
    const type = 'application/json-patch+json';
    const body = await this.#request('PATCH', path + query, signal, content, type);
    return (await body.json()) as T;
  }

  /** The answer to GET, in chunks as they arrive. @throws HAError if the answer is no success. */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const body = await this.#request('GET', path, signal);
    const decoder = new TextDecoder();
    for await (const chunk of body) yield decoder.decode(chunk as Buffer, { stream: true });
  }

  async #request(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    signal: AbortSignal,
    content?: string,
    contentType = 'application/json',
  ) {
    const { dispatcher, credentials } = await this.#connections.get('watches');
    const { origin, path: root } = this.#source.server;
    const { statusCode, body } = await dispatcher.request({
      origin,
      path: root + path,
      method,
      headers: {
        ...credentials.headers,
        ...(content === undefined ? {} : { 'content-type': contentType }),
      },
      signal,
      ...(content === undefined ? {} : { body: content }),
    });
    if (statusCode !== 200) throw apiError(statusCode, await body.text(), `${method} ${path}`);
    return body;
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.#connections.reset()]);
  }
}
