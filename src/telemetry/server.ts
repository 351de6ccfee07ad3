import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

export interface TelemetryOptions {
  metrics: Pick<Metrics, 'expose'>;
  /** Why the operator is not ready; undefined if it is. */
  notReady: () => string | undefined;
  /** 0 takes a free port. */
  port: number;
  /** Default: all addresses, as the kubelet and Prometheus connect from outside. */
  host?: string;
}

export interface TelemetryServer {
  port: number;
  /** Answers pending requests, then closes all connections. */
  close(): Promise<void>;
}

/** How long a scraper may take to finish when the operator stops. Milliseconds. */
const graceMs = 1_000;

/**
 * Serves GET /metrics (Prometheus text), /healthz (200 as long as the event loop runs) and /readyz (200 once the operator knows the
 * state of the cluster, else 503 with the reason).
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<TelemetryServer> {
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 120_000 });
  server.on('request', (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      // A failing collector must not end the process: the scraper gets a 500.
      send(response, 500, error instanceof Error ? error.message : 'internal error');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        // Also closes idle connections.
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, notReady }: TelemetryOptions,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, 405, 'use GET');
    return;
  }
  switch (request.url?.split('?')[0]) {
    case '/healthz':
      send(response, 200, 'ok');
      return;
    case '/readyz': {
      const reason = notReady();
      send(response, reason === undefined ? 200 : 503, reason ?? 'ok');
      return;
    }
    case '/metrics': {
      const { contentType, text } = await metrics.expose();
      response.setHeader('content-type', contentType);
      send(response, 200, text);
      return;
    }
    default:
      send(response, 404, 'there is /metrics, /healthz and /readyz');
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  if (!response.hasHeader('content-type')) {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
  }
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}
