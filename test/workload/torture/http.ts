import { Agent, request } from 'node:http';
import { type Database, type ConnectionOptions, Refused, type Session } from './session.ts';
import { connected, openSocket } from './socket.ts';

/** The member program: it acknowledges writes but does not store them, so that nothing can be read back. */
export class HttpDatabase implements Database {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async connect(signal: AbortSignal): Promise<Session> {
    const { host, port } = this.#options;
    const socket = openSocket(host, port);
    await connected(socket, signal);
    return new HttpSession(socket);
  }
}

class HttpSession implements Session {
  answeredBy = '';
  readonly #socket: ReturnType<typeof openSocket>;
  readonly #agent: Agent;
  #ended = false;

  constructor(socket: ReturnType<typeof openSocket>) {
    this.#socket = socket;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agent.createConnection = () => socket;
    socket.on('error', () => {});
    socket.on('close', () => (this.#ended = true));
  }

  write(client: string, n: number): Promise<void> {
    if (this.#ended) return Promise.reject(new Refused('not sent: closed'));
    return new Promise((resolve, reject) => {
      const outgoing = request({ method: 'POST', path: '/write', agent: this.#agent });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const { 'x-address': answeredBy } = response.headers;
        if (typeof answeredBy === 'string') this.answeredBy = answeredBy;
        const { statusCode = 0 } = response;
        response.on('error', reject);
        response.on('end', () => {
          if (statusCode === 200) resolve();
          else reject(new Refused(`HTTP ${statusCode}`));
        });
        response.resume();
      });
      outgoing.end(`${client}:${n}`);
    });
  }

  async read(): Promise<Record<string, string>> {
    return {};
  }

  close(): void {
    this.#agent.destroy();
    this.#socket.destroy();
  }
}
