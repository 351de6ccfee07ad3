import { Agent, type Dispatcher } from 'undici';
import type { Credentials, CredentialSource } from './credentials.ts';

/** The API server ends idle connections after 90 s: be first, so that none is found dead when it is needed. */
const idleMs = 75_000;

interface Agents {
  identity: string;
  calls: Agent;
  watches: Agent;
}

/** Two sets of kept connections: calls never wait behind watches. Made anew when the certificates change. */
export class Connections {
  readonly #source: CredentialSource;
  #agents: Agents | undefined;

  constructor(source: CredentialSource) {
    this.#source = source;
  }

  async get(
    kind: 'calls' | 'watches',
  ): Promise<{ dispatcher: Dispatcher; credentials: Credentials }> {
    const credentials = await this.#source.get();
    if (this.#agents?.identity !== credentials.identity) {
      const old = this.#agents;
      // Requests that are under way on the old ones come to their end; those that have just got one are yet to begin.
      setImmediate(() => {
        void old?.calls.close();
        void old?.watches.close();
      });
      this.#agents = makeAgents(credentials);
    }
    return { dispatcher: this.#agents[kind], credentials };
  }

  /** Breaks all connections: they have gone silent. */
  async reset(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.calls.destroy(), agents?.watches.destroy()]);
  }
}

function makeAgents({ tls, identity }: Credentials): Agents {
  const make = () =>
    new Agent({
      connect: { ...(tls as object), timeout: 5_000 },
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      pipelining: 1,
      // One connection carries one request: a slow answer holds up no other.
      allowH2: false,
      // Each call brings its own timeout.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  return { identity, calls: make(), watches: make() };
}
