import { Redis } from 'iovalkey';
import { HAError } from '../../api/errors.ts';

/**
 * The only connection to the server, over a socket that nothing else can reach. With one connection, the server executes all
 * commands in the order in which they were sent, even if it was frozen in between: an order can never overtake a later one.
 *
 * Nothing is sent twice and nothing is queued: a command whose connection has ended has failed. A frozen server leaves an answer
 * pending; the caller decides how long to wait.
 */
export class LocalClient {
  readonly #path: string;
  readonly #password: () => string | undefined;
  #redis: Redis | undefined;
  #connected: Promise<Redis> | undefined;

  /** @param password the one that the server accepts at the moment */
  constructor(path: string, password: () => string | undefined) {
    this.#path = path;
    this.#password = password;
  }

  /**
   * Sends commands in one pipeline: the server executes them with no other command in between.
   *
   * @returns the answers; an Error in place of each command that was refused
   * @throws HAError HA_ERR_PROBE_REFUSED if the server cannot be reached; the signal's reason
   */
  async send(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]> {
    signal.throwIfAborted();
    const answers = this.#connection().then(async (redis) => {
      const pipeline = redis.pipeline();
      for (const [name = '', ...args] of commands) pipeline.call(name, ...args);
      return (await pipeline.exec()) ?? [];
    });
    try {
      return (await unlessAborted(answers, signal)).map(([error, result]) => {
        // Any error that is not an answer of the server means that there is no answer.
        if (error !== null && error.name !== 'ReplyError') throw error;
        return error ?? result;
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const said = error instanceof Error ? error.message : String(error);
      // The words of the library are about its own options.
      const reason = said.includes('enableOfflineQueue') ? 'the connection has ended' : said;
      throw new HAError('HA_ERR_PROBE_REFUSED', `the server: ${reason}`, { cause: error });
    }
  }

  /** @throws HAError HA_ERR_PROBE_ANSWER if the server refuses one of them, and as `send` */
  async call(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]> {
    const answers = await this.send(commands, signal);
    const refusal = answers.find((answer) => answer instanceof Error);
    if (refusal === undefined) return answers;
    throw new HAError('HA_ERR_PROBE_ANSWER', refusal.message, { cause: refusal });
  }

  close(): void {
    this.#redis?.disconnect();
    this.#redis = undefined;
    this.#connected = undefined;
  }

  #connection(): Promise<Redis> {
    if (this.#connected !== undefined && this.#redis?.status !== 'end') return this.#connected;
    const password = this.#password();
    const redis = new Redis({
      path: this.#path,
      ...(password === undefined ? {} : { password }),
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
    });
    // Each command that fails because of it reports it.
    redis.on('error', () => {});
    this.#redis = redis;
    this.#connected = redis.connect().then(() => redis);
    return this.#connected;
  }
}

/** @throws the signal's reason if it comes first */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let aborted = () => {};
  const abort = new Promise<never>((_resolve, reject) => {
    aborted = () => reject(signal.reason as Error);
    signal.addEventListener('abort', aborted);
  });
  try {
    return await Promise.race([promise, abort]);
  } finally {
    signal.removeEventListener('abort', aborted);
    promise.catch(() => {});
  }
}
