import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
  /** Number of its connection, from 0. */
  connection: number;
}

export type Handler = (request: Seen, response: ServerResponse) => void | Promise<void>;

/** An HTTP server on loopback whose answers a test controls. */
export class FakeApiServer {
  readonly requests: Seen[] = [];
  readonly #server;
  readonly #sockets = new Map<Socket, number>();
  readonly #waiters: { count: number; resolve: () => void }[] = [];
  handler: Handler = (_request, response) => json(response, 200, {});

  private constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.keepAliveTimeout = 0;
    this.#server.on('connection', (socket) => this.#sockets.set(socket, this.#sockets.size));
  }

  static async start(handler?: Handler): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    if (handler !== undefined) fake.handler = handler;
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Number of connections so far. */
  get connections(): number {
    return this.#sockets.size;
  }

  config(user: object = {}, path = ''): KubeConfig {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'fake', server: `${this.url}${path}`, skipTLSVerify: true }],
      users: [{ name: 'user', ...user }],
      contexts: [{ name: 'fake', cluster: 'fake', user: 'user' }],
      currentContext: 'fake',
    });
    return config;
  }

  /** Resolves when `count` requests have come in total. */
  seen(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ count, resolve }));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const url = new URL(request.url ?? '/', this.url);
    const seen: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      connection: this.#sockets.get(request.socket) ?? -1,
    };
    this.requests.push(seen);
    for (const { count, resolve } of this.#waiters) if (this.requests.length >= count) resolve();
    await this.handler(seen, response);
  }
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The API server's answer to a request that it refuses. */
export const refusal = (code: number, reason: string, message = reason) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
});
