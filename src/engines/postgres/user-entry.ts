import { mkdir, readFile, rm } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { dirname } from 'node:path';
import { HAError, isHAError } from '../../api/errors.ts';
import { userLookupFolder } from '../../protocol/agent-config.ts';

/*
 * Some tools of Postgres look the name of their own user up and give up if there is none, as with `runAsUser: 12345`. No image has an
 * entry for every number, and /etc/passwd belongs to root. But the C libraries (glibc as Debian builds it, musl) ask the socket of a
 * name service cache for users that they do not know, or before they look: while such a tool runs, the agent answers there for this
 * one user. It is no cache and knows nothing else: the library then looks where it would look anyway.
 *
 * Source: glibc, nscd/nscd-client.h; musl, src/passwd/nscd_query.c. All numbers are 32 bits, in the order of the machine.
 */

const version = 2;
const requests = { byName: 0, byUid: 1 } as const;
/** Version, kind of the request, length of the key. */
const requestBytes = 12;
/** No name of a user is longer, and a request with a longer key is not for us. */
const longestKey = 256;
/** How long a tool may take to send its request. Milliseconds. */
const requestMs = 5_000;

export interface UserEntry {
  name: string;
  uid: number;
  gid: number;
}

/** The answer to a request; undefined if it is about something else. Not complete yet: 'More'. */
export function answerTo(request: Buffer, { name, uid, gid }: UserEntry) {
  if (request.length < requestBytes) return 'More';
  const view = numbersOf(request);
  const [asked, kind, length = 0] = [view(0), view(1), view(2)];
  if (asked !== version || length < 0 || length > longestKey) return undefined;
  if (request.length < requestBytes + length) return 'More';
  const key = request.toString('utf8', requestBytes, requestBytes + length).replace(/\0$/, '');
  const isOurs =
    (kind === requests.byUid && key === String(uid)) || (kind === requests.byName && key === name);
  if (!isOurs) return undefined;
  const [login, password, comment, home, shell] = [name, 'x', '', '/', '/bin/sh'].map((text) =>
    Buffer.from(`${text}\0`),
  ) as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const found = 1;
  const header = [version, found, login.length, password.length, uid, gid];
  const numbers = Uint32Array.from([...header, comment.length, home.length, shell.length]);
  return Buffer.concat([Buffer.from(numbers.buffer), login, password, comment, home, shell]);
}

const numbersOf = (bytes: Buffer) => (index: number) =>
  new Int32Array(Uint8Array.from(bytes.subarray(0, requestBytes)).buffer)[index];

function serve(socket: Socket, entry: UserEntry): void {
  let received = Buffer.alloc(0);
  // The tool has ended.
  socket.on('error', () => {});
  socket.setTimeout(requestMs, () => socket.destroy());
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes as Buffer]);
    const answer = answerTo(received, entry);
    if (answer === 'More') return;
    if (answer === undefined) socket.destroy();
    else socket.end(answer);
  });
}

/** Whether the image itself knows this user. */
async function isKnown(uid: number): Promise<boolean> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return users.split('\n').some((line) => line.split(':')[2] === String(uid));
}

/** Lets tools run as a user that the image does not know. */
export class UserLookup {
  readonly #entry: UserEntry;
  readonly #path: string;
  #isKnown: Promise<boolean> | undefined;
  #users = 0;
  #server: Promise<Server | undefined> | undefined;
  /** The end of the last socket: it must not take the next one away. */
  #closed: Promise<void> = Promise.resolve();

  constructor({ uid, gid }: { uid: number; gid: number }, folder = userLookupFolder) {
    this.#entry = { name: 'postgres', uid, gid };
    this.#path = `${folder}/socket`;
  }

  /** @throws what `run` throws; HAError HA_ERR_PROGRAM_START if the tool does not find its user all the same */
  async during<T>(run: () => Promise<T>): Promise<T> {
    this.#isKnown ??= isKnown(this.#entry.uid);
    if (await this.#isKnown) return run();
    this.#users++;
    try {
      this.#server ??= this.#closed.then(() => this.#listen());
      await this.#server;
      return await run();
    } catch (error) {
      throw isHAError(error, 'HA_ERR_COMMAND_FAILED') &&
        error.message.includes('user does not exist')
        ? this.#explained(error)
        : error;
    } finally {
      if (--this.#users === 0) await this.#close();
    }
  }

  /** Undefined if it cannot: an earlier version of the operator has made the pod, and no volume is mounted there. */
  async #listen(): Promise<Server | undefined> {
    const server = createServer((socket) => serve(socket, this.#entry));
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await rm(this.#path, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        // For all: the tools may run as another user than the agent.
        server.listen({ path: this.#path, readableAll: true, writableAll: true }, resolve);
      });
      server.unref();
      return server;
    } catch {
      return undefined;
    }
  }

  /** Otherwise every look-up of a name, of hosts as well, would ask here first, and wait if the agent were stopped. */
  #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#closed = (async () => {
      (await server)?.close();
      await rm(this.#path, { force: true }).catch(() => {});
    })();
    return this.#closed;
  }

  #explained(cause: HAError): HAError {
    const { uid } = this.#entry;
    return new HAError(
      'HA_ERR_PROGRAM_START',
      `Postgres runs as user ${uid}, which the image does not know: write securityContext.runAsUser of a user in its /etc/passwd (postgres: 999 in most images, 70 in those with Alpine), add user ${uid} to the image, or mount an /etc/passwd with that user; if the pod is older than this version of the operator, delete the pod`,
      { cause },
    );
  }
}
