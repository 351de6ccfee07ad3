import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type RequestListener, createServer as createHttpServer } from 'node:http';
import { type Server, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../lib/clock.ts';
import type { EngineSpec } from '../api/engine-spec.ts';
import { createProbe } from './create-probe.ts';
import type { Probe, ProbeEvent } from './probe.ts';

/** The events of a probe, in order, and a way to wait for more. */
export class ProbeEvents {
  readonly events: ProbeEvent[] = [];
  #read = 0;
  #wake = () => {};

  readonly add = (event: ProbeEvent): void => {
    this.events.push(event);
    this.#wake();
  };

  /** The next event that was not returned yet. */
  async next(): Promise<ProbeEvent> {
    for (;;) {
      const event = this.events[this.#read];
      if (event !== undefined) {
        this.#read++;
        return event;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Reads on until an event of this type. */
  async until(type: ProbeEvent['type']): Promise<ProbeEvent> {
    for (;;) {
      const event = await this.next();
      if (event.type === type) return event;
    }
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }
}

/** A probe of a port of this machine. */
export function probeOf(engine: EngineSpec, port: number): { probe: Probe; events: ProbeEvents } {
  const events = new ProbeEvents();
  const probe = createProbe({ host: '127.0.0.1', port, engine }, systemClock, events.add);
  return { probe, events };
}

/** A TCP server in this process that counts its connections and can close them. */
export class TestServer {
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  #onSocket = () => {};

  constructor(talk: (socket: Socket, index: number) => void) {
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      this.sockets.push(socket);
      talk(socket, this.sockets.length - 1);
      this.#onSocket();
    });
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get open(): Socket[] {
    return this.sockets.filter((socket) => !socket.destroyed);
  }

  /** Waits until `count` connections have been accepted in total. */
  async accepted(count: number): Promise<void> {
    while (this.sockets.length < count) {
      await new Promise<void>((resolve) => (this.#onSocket = resolve));
    }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Programs for `startProcess`. Each prints its port. */
export const programs = {
  http: `require('node:http').createServer((q, r) => r.end('ok'))`,
  pong: `require('node:net').createServer((s) => { s.on('error', () => {}); s.on('data', () => s.write('+PONG\\r\\n')); })`,
};

/** A server in a process of its own, which can be killed and frozen. */
export async function startProcess(
  program: string,
  port = 0,
): Promise<{ child: ChildProcess; port: number }> {
  const code = `${program}.listen(${port}, '127.0.0.1', function () { console.log(this.address().port); })`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line) };
}

/** A port of this machine on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = new TestServer(() => {});
  const port = await server.listen();
  await server.close();
  return port;
}

/** Waits for the end of a connection, however it ends. */
export async function ended(socket: Socket | undefined): Promise<void> {
  if (socket === undefined || socket.destroyed) return;
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

/** Turns the event loop until `done`. */
export async function untilTrue(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(setImmediate);
}

/** An HTTP server on a free port; adds to `cleanups` what ends it. */
export async function serveHttp(
  listener: RequestListener,
  cleanups: (() => unknown)[],
): Promise<number> {
  const server = createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
