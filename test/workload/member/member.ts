import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoleKeeper } from './role.ts';
import {
  type MemberSettings,
  type Misbehaviour,
  isMisbehaviour,
  misbehaviours,
} from './settings.ts';

/** Longer than any heartbeat timeout in the tests. Milliseconds. */
const slowMs = 5_000;

/**
 * A stateful member, for its users and the operator. All answers carry its name in the header x-member, and its address in
 * x-address: a name passes to another pod, an address hardly ever does.
 */
export class Member {
  readonly #settings: MemberSettings;
  readonly #roles: RoleKeeper;
  readonly #log: (entry: object) => void;
  #misbehaviour: Misbehaviour;

  constructor(settings: MemberSettings, log: (entry: object) => void) {
    this.#settings = settings;
    this.#log = log;
    this.#roles = new RoleKeeper(settings.hooks ? 'standby' : 'none');
    this.#misbehaviour = settings.misbehaviour;
  }

  /**
   * - GET / and /whoami: pod, role, epoch, zone
   * - GET /healthz
   * - POST /promote and /demote: the operator's hooks
   * - POST /write: 200 with the body and what took it, or 503 from a standby
   * - POST /misbehave?mode=MODE
   */
  createServer(): Server {
    const server = createServer((request, response) => {
      response.setHeader('x-member', this.#settings.pod);
      response.setHeader('x-address', request.socket.localAddress?.replace('::ffff:', '') ?? '');
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    // Connections stay open as long as the client wants, used or not.
    server.keepAliveTimeout = 0;
    server.headersTimeout = 0;
    server.requestTimeout = 0;
    return server;
  }

  /** Answer of the member to one line of the other protocol. */
  async answerLine(line: string): Promise<string> {
    if (this.#misbehaviour === 'slow-healthz') await sleep(slowMs);
    if (line !== 'PING') return 'WHAT';
    return this.#misbehaviour === 'unhealthy' ? 'UNHEALTHY' : 'PONG';
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://member');
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
      case 'GET /whoami':
        return this.#json(response, 200, this.#whoami());
      case 'GET /healthz':
        if (this.#misbehaviour === 'slow-healthz') await sleep(slowMs);
        if (this.#misbehaviour === 'unhealthy')
          return this.#json(response, 500, { error: 'unhealthy' });
        return this.#json(response, 200, { ok: true });
      case 'POST /promote':
        return this.#hook(request, response, 'primary');
      case 'POST /demote':
        return this.#hook(request, response, 'standby');
      case 'POST /write': {
        const value = await text(request);
        if (this.#roles.takesWrites) {
          return this.#json(response, 200, { ...this.#whoami(), value });
        }
        return this.#json(response, 503, { ...this.#whoami(), error: 'a standby takes no writes' });
      }
      case 'POST /misbehave': {
        const mode = searchParams.get('mode') ?? '';
        if (!isMisbehaviour(mode)) {
          const error = `mode must be one of ${misbehaviours.join(', ')}`;
          return this.#json(response, 400, { error });
        }
        this.#misbehaviour = mode;
        return this.#json(response, 200, { mode });
      }
      default:
        return this.#json(response, 404, { error: 'not found' });
    }
  }

  async #hook(request: IncomingMessage, response: ServerResponse, role: 'primary' | 'standby') {
    await text(request);
    switch (this.#misbehaviour) {
      case 'hook-hang':
        return;
      case 'hook-500':
        return this.#json(response, 500, { error: 'told to fail' });
      case 'hook-50mb':
        response.writeHead(200, { 'content-type': 'text/plain' });
        Readable.from(manyChunks())
          .on('error', () => {})
          .pipe(response);
        return;
      default: {
        const { status, text: message } = this.#roles.become(
          role,
          Number(request.headers['haservice-epoch'] ?? Number.NaN),
        );
        this.#log({ hook: role, status, message });
        return this.#json(response, status, { message });
      }
    }
  }

  #whoami() {
    const { pod, zone } = this.#settings;
    return { pod, role: this.#roles.role, epoch: this.#roles.epoch, zone };
  }

  #json(response: ServerResponse, status: number, body: object): void {
    const content = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(content),
    });
    response.end(content);
  }
}

/** 50 MB. */
function* manyChunks(): Generator<Buffer> {
  const chunk = Buffer.alloc(50_000, 'x');
  for (let i = 0; i < 1_000; i++) yield chunk;
}
