import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { machineMs } from './clock.ts';
import { createDatabase } from './database.ts';
import type { DatabaseOptions } from './session.ts';
import { Writer, type WriterOptions } from './writer.ts';

export interface StartRequest {
  database: DatabaseOptions;
  writer: WriterOptions;
}

export interface FinalRequest {
  database: DatabaseOptions;
  clients: string[];
  timeoutMs: number;
}

export interface FinalAnswer {
  answeredBy: string;
  numbers: Record<string, string>;
}

export interface Progress {
  /** Identifies the process: after a restart the history is lost. */
  boot: string;
  /** When the last acknowledged write was sent, on each kind of connection. Milliseconds, as in Operation. */
  kept?: number;
  new?: number;
  /** How many operations there are. */
  count: number;
}

/**
 * The HTTP interface of a client, for callers outside the cluster:
 *
 * - POST /prepare and /final (FinalRequest): prepares the database for writes; reads all numbers
 * - POST /start (StartRequest), /stop: the answer to /stop comes once no operation is in progress
 * - GET /progress, /history: one line of JSON for each operation, from a given one on (?from=N)
 */
export class Control {
  readonly #boot = randomUUID();
  readonly #password: string | undefined;
  #writer: Writer | undefined;

  /** @param password of the database. */
  constructor(password: string | undefined) {
    this.#password = password;
  }

  createServer(): Server {
    return createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(String(error));
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
    switch (`${request.method} ${pathname}`) {
      case 'POST /prepare': {
        const asked = (await json(request)) as FinalRequest;
        await this.#once(asked, async (database, session) => database.prepare?.(session));
        return send(response, {});
      }
      case 'POST /final': {
        const asked = (await json(request)) as FinalRequest;
        const answer = await this.#once(asked, async (_, session): Promise<FinalAnswer> => {
          const numbers = await session.read(asked.clients);
          return { answeredBy: session.answeredBy, numbers };
        });
        return send(response, answer);
      }
      case 'POST /start': {
        const asked = (await json(request)) as StartRequest;
        await this.#writer?.stop();
        this.#writer = new Writer(asked.writer, this.#open(asked.database));
        this.#writer.start();
        return send(response, { now: machineMs() });
      }
      case 'POST /stop':
        await this.#writer?.stop();
        return send(response, {});
      case 'GET /progress':
        return send(response, this.#progress());
      case 'GET /history': {
        const operations = this.#writer?.operations.slice(Number(searchParams.get('from'))) ?? [];
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
        response.end(operations.map((each) => `${JSON.stringify(each)}\n`).join(''));
        return;
      }
      default:
        response.writeHead(404).end();
    }
  }

  #open(options: DatabaseOptions) {
    const own = this.#password === undefined ? [] : [this.#password];
    return createDatabase({ passwords: own, ...options });
  }

  /** Runs `work` over a connection of its own. */
  async #once<T>(
    { database: options, timeoutMs }: FinalRequest,
    work: (
      database: ReturnType<typeof createDatabase>,
      session: Awaited<ReturnType<ReturnType<typeof createDatabase>['connect']>>,
    ) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    const database = this.#open(options);
    const session = await database.connect(signal);
    const late = () => session.close();
    signal.addEventListener('abort', late, { once: true });
    try {
      return await work(database, session);
    } finally {
      signal.removeEventListener('abort', late);
      session.close();
    }
  }

  #progress(): Progress {
    const operations = this.#writer?.operations ?? [];
    const last = (kind: 'kept' | 'new') =>
      operations.findLast(({ k, n, outcome }) => k === kind && n !== undefined && outcome === 'ok')
        ?.t[0];
    const [kept, fresh] = [last('kept'), last('new')];
    return {
      boot: this.#boot,
      count: operations.length,
      ...(kept === undefined ? {} : { kept }),
      ...(fresh === undefined ? {} : { new: fresh }),
    };
  }
}

function send(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}
