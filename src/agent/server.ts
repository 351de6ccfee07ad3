import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type OrderKind,
  formerNameOfFence,
  orderSchemas,
  protocolPath,
  readyPath,
} from '../protocol/member-protocol.ts';

export interface Answer {
  status: number;
  body: object;
}

/** Handlers of the member protocol. The server calls one for each request, also at the same time. A thrown error is a 500. */
export interface Routes {
  /** Pending as long as the program does not answer. `signal` is aborted if the client has gone. */
  status(headers: IncomingMessage['headers'], signal: AbortSignal): Promise<Answer>;
  /** Whether the member is complete, for the kubelet. Pending and aborted as `status`. */
  ready(signal: AbortSignal): Promise<Answer>;
  /** May be called again with the same order. The order goes on if the client has gone. */
  order(kind: OrderKind, body: unknown, headers: IncomingMessage['headers']): Promise<Answer>;
}

export interface ServerOptions {
  routes: Routes;
  /** 0 takes a free port. */
  port: number;
  /** Default: all addresses. */
  host?: string;
}

export interface AgentServer {
  port: number;
  /** Resets all connections, so that every client learns of the end at once. */
  reset(): void;
}

/** How long a status request waits for the program if the client does not give up before. Milliseconds. */
const patienceMs = 60_000;
const maxBodyBytes = 64 * 1024;

/**
 * Serves the member protocol over HTTP. Connections have no idle limit: their end tells the operator that the member has died.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startServer({ routes, port, host }: ServerOptions): Promise<AgentServer> {
  const sockets = new Set<Socket>();
  const server = createServer({
    // No idle limit; but a limit for a request that does not end.
    keepAliveTimeout: 0,
    requestTimeout: 10_000,
    // Finds connections of an operator that was cut off.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    answer(request, response, routes).then(
      (given) => {
        if (given === undefined) request.socket.destroy();
        else send(response, given);
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        send(response, failed(500, message));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    reset: () => {
      // First: close() would end idle connections in order.
      for (const socket of sockets) socket.resetAndDestroy();
      server.close();
    },
  };
}

/** Undefined: the client has gone. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
): Promise<Answer | undefined> {
  const path = request.url?.split('?')[0] ?? '';
  if (path === readyPath) {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    return await unlessGone(response, (signal) => routes.ready(signal));
  }
  const name = path.startsWith(`${protocolPath}/`) ? path.slice(protocolPath.length + 1) : '';
  if (name === 'status') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    return await unlessGone(response, (signal) => routes.status(request.headers, signal));
  }
  const kind = name === formerNameOfFence ? 'fence' : name;
  if (!isOrderKind(kind)) {
    return failed(
      404,
      `unknown path: use GET ${protocolPath}/status, or POST promote, follow or fence`,
    );
  }
  if (request.method !== 'POST') return notAllowed(response, 'POST');
  const text = await read(request);
  if (text === undefined) {
    response.setHeader('connection', 'close');
    return failed(413, 'the body of an order is limited to 64 KiB');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return failed(400, 'the body is not JSON');
  }
  return await routes.order(kind, body, request.headers);
}

/** Undefined if the client has gone, or the program has not answered for too long. */
async function unlessGone(
  response: ServerResponse,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer | undefined> {
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  const timer = setTimeout(giveUp, patienceMs);
  response.once('close', giveUp);
  try {
    return await ask(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined if the body is too long. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const isOrderKind = (name: string): name is OrderKind => Object.hasOwn(orderSchemas, name);

const failed = (code: number, message: string): Answer => ({
  status: code,
  body: { error: code === 500 ? 'Failed' : 'Invalid', message },
});

function notAllowed(response: ServerResponse, method: string): Answer {
  response.setHeader('allow', method);
  return failed(405, `use ${method}`);
}

function send(response: ServerResponse, { status: code, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
