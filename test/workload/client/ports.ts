import { Agent, type ClientRequestArgs } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

const firstPort = 20_000;
const lastPort = 65_535;

/**
 * Source ports in turn. A node remembers for two minutes where it sent a connection that was never answered
 * (nf_conntrack_tcp_timeout_syn_sent), and sends the next one from the same port there, too: to a pod that no longer exists. At
 * this client's rate the kernel's own choice returns to a port after half a minute; the client stands for many clients, which
 * would not share their ports.
 */
export class Ports {
  readonly #open = new Set<number>();
  #last = lastPort;

  take(): number {
    do {
      this.#last = this.#last === lastPort ? firstPort : this.#last + 1;
    } while (this.#open.has(this.#last));
    this.#open.add(this.#last);
    return this.#last;
  }

  release(port: number): void {
    this.#open.delete(port);
  }
}

/** Opens its connections from these ports. */
export class PortAgent extends Agent {
  readonly #ports: Ports;

  constructor(ports: Ports, options: ConstructorParameters<typeof Agent>[0]) {
    super(options);
    this.#ports = ports;
  }

  override createConnection(options: ClientRequestArgs): Duplex {
    const port = this.#ports.take();
    const address = { host: options.host ?? '', port: Number(options.port) };
    const socket = connect({ ...address, localPort: port });
    return socket.once('close', () => this.#ports.release(port));
  }
}
