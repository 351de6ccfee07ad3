import { Redis } from 'iovalkey';
import { HAError } from '../../api/errors.ts';

/**
 * The one connection to the server, over a socket that nobody else can reach. As there is only one, the server takes
 * everything in the order in which it was asked, even if it was frozen in between: an order can never overtake a later one.
 *
 * Nothing is sent twice and nothing is kept for later: what was asked over a connection that has ended has failed. A frozen
 * server leaves an answer pending; how long to wait is the caller's to say.
 */
export class LocalClient {
  readonly #path: string;
  readonly #password: string | undefined;
  #redis: Redis | undefined;
  #connected: Promise<Redis> | undefined;

  constructor(path: string, password: string | undefined) {
    this.#path = path;
    this.#password = password;
  }

  /**
   * Sends commands at once, one behind the other: the server carries them out without anybody else's in between.
   *
   * @returns the answers; an Error in place of each that was refused
   * @throws HAError HA_ERR_PROBE_REFUSED where the server cannot be reached; the signal's reason
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
        // Anything else than an answer of the server means that there is none.
        if (error !== null && error.name !== 'ReplyError') throw error;
        return error ?? result;
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new HAError('HA_ERR_PROBE_REFUSED', `the server: ${reason}`, { cause: error });
    }
  }

  /** @throws HAError HA_ERR_PROBE_ANSWER where the server refuses one of them, and as `send` */
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
    const redis = new Redis({
      path: this.#path,
      ...(this.#password === undefined ? {} : { password: this.#password }),
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
    });
    // Each command that fails for it says so.
    redis.on('error', () => {});
    this.#redis = redis;
    this.#connected = redis.connect().then(() => redis);
    return this.#connected;
  }
}

/** @throws the signal's reason, when it comes first */
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
