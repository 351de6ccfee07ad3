import { Agent, type Dispatcher } from 'undici';
import type { Credentials, CredentialSource } from './credentials.ts';

/** The API server closes idle connections after 90 s: close them before, so that no call finds a closed one. */
const idleMs = 75_000;

interface Agents {
  identity: string;
  calls: Agent;
  watches: Agent;
}

/** Two sets of kept connections, so that calls never wait for watches. Replaced if the certificates change. */
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
      // Pending requests on the old connections finish; requests that have just got one are about to start.
      setImmediate(() => {
        void old?.calls.close();
        void old?.watches.close();
      });
      this.#agents = makeAgents(credentials);
    }
    return { dispatcher: this.#agents[kind], credentials };
  }

  /** Closes all connections, as they are silent. */
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
      // One request at a time per connection: a slow answer delays no other request.
      allowH2: false,
      // Each call has its own timeout.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  return { identity, calls: make(), watches: make() };
}
