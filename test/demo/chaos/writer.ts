import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import type { Environment } from '../../framework/environment.ts';
import { type Live, clientLabels } from '../../framework/live.ts';
import { apply } from '../../framework/objects.ts';
import { SampleLog } from '../../framework/sample-log.ts';
import { type History, acksOf } from '../../torture/history/history.ts';
import { lostWrites } from '../../torture/history/lost.ts';
import { RemoteClient } from '../../torture/target/clients.ts';
import { NumberSet } from '../../workload/torture/number-set.ts';
import type { DatabaseOptions } from '../../workload/torture/session.ts';
import { type ServiceName, passwordEnv, redisAcks, redisPort } from './services.ts';

const startMs = 60_000;
const pollMs = 300;
/** How long the client may not be reachable. Milliseconds. */
const silenceMs = 20_000;
const finalMs = 30_000;

/** After how long a write is given up, and how often there is one on a kept connection and on a new one. Milliseconds. */
const pace = { timeoutMs: 1_000, keptMs: 10, newMs: 50, readEvery: 0 };
/** How long a copy may take to acknowledge a write. Less than the client waits. Milliseconds. */
const ackMs = 900;

/** What came of the writes to one service. */
export interface Writes {
  /** When each write that was acknowledged had ended, in order. Milliseconds since the Unix epoch. */
  ackedAt: number[];
  /** How many of them are not in the database at the end; undefined if it could not be read. */
  lost: number | undefined;
}

export interface WriterOptions {
  environment: Environment;
  live: Live;
  namespace: string;
  service: ServiceName;
  /** Address of the Service. */
  host: string;
  signal: AbortSignal;
  /** It has ended, or is heard no more. */
  onFailure: (error: Error) => void;
}

/** The client of the torture, in a pod: it writes each number once to a Redis, and remembers what came of that. */
export class RedisWriter {
  /** Its writes, as they become known. */
  readonly log = new SampleLog();
  readonly #options: WriterOptions;
  readonly #client: RemoteClient;
  readonly #database: DatabaseOptions;
  readonly #end = new AbortController();
  /** What is added to the client's own clock for milliseconds since the Unix epoch. */
  #epochMs = 0;

  private constructor(options: WriterOptions) {
    const { environment, namespace, service, host } = options;
    this.#options = options;
    this.#client = new RemoteClient(environment.api, namespace, `client-${service}`);
    this.#database = {
      engine: 'redis',
      host,
      port: redisPort,
      acks: redisAcks,
      ackMs,
      run: 'demo',
    };
  }

  /** Resolves when a write has been acknowledged. */
  static async start(options: WriterOptions): Promise<RedisWriter> {
    const { environment, live, namespace, signal } = options;
    const writer = new RedisWriter(options);
    const { name } = writer.#client;
    await apply(environment.api.client, writer.#pod(), signal);
    await live.until(
      `the client's pod ${name} to run (look at: kubectl -n ${namespace} describe pod ${name})`,
      () => live.clients.get(namespace, name)?.status?.phase === 'Running' || undefined,
      startMs,
    );
    await writer.#startWrites();
    void writer.#follow();
    while (writer.log.ok === 0) {
      await writer.log.reached(0, AbortSignal.any([signal, AbortSignal.timeout(startMs)]));
    }
    return writer;
  }

  /** Ends the writes, and looks for each of them in the database. @param primary address of the primary. */
  async end(primary: () => string | undefined): Promise<Writes> {
    await this.#client.stop();
    this.#end.abort();
    const { name } = this.#client;
    const clients = { [name]: await this.#client.history() };
    const final = await this.#final(primary);
    const history: History = { clients, leaders: [], ...(final === undefined ? {} : { final }) };
    return {
      ackedAt: acksOf(history).map(({ ended }) => ended + this.#epochMs),
      lost: final === undefined ? undefined : lostWrites(history).length,
    };
  }

  #pod(): KubeObject {
    const { environment, namespace } = this.#options;
    const { clientProgram, spared } = environment;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: this.#client.name, namespace, labels: clientLabels },
      spec: {
        ...(spared === undefined ? {} : { nodeName: spared }),
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        ...clientProgram(['torture'], [passwordEnv]),
      },
    };
    return pod;
  }

  /** Repeats until the client listens. */
  async #startWrites(): Promise<void> {
    const { name } = this.#client;
    const writer = { client: name, clients: [name], ...pace };
    await this.#repeated(startMs, async () => {
      const now = await this.#client.start({ database: this.#database, writer });
      this.#epochMs = Date.now() - now;
    });
  }

  async #follow(): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#end.signal]);
    let known = 0;
    try {
      for (;;) {
        await this.#repeated(silenceMs, async () => {
          const operations = await this.#client.operations(known);
          known += operations.length;
          for (const { k, t, outcome } of operations) {
            const [sentAt, endedAt] = [t[0] + this.#epochMs, t[1] + this.#epochMs];
            this.log.add({ connection: k, sentAt, endedAt, ok: outcome === 'ok' });
          }
        });
        await sleep(pollMs, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) this.#options.onFailure(error as Error);
    }
  }

  /** The numbers of the client that the primary has, once the primary answers through the Service. */
  async #final(primary: () => string | undefined): Promise<History['final']> {
    const { name } = this.#client;
    const request = { database: this.#database, clients: [name], timeoutMs: 3_000 };
    try {
      return await this.#repeated(finalMs, async () => {
        const { answeredBy, numbers } = await this.#client.final(request);
        if (answeredBy !== primary()) throw new Error(`${answeredBy} is not the primary`);
        return { [name]: NumberSet.parse(numbers[name] ?? '') };
      });
    } catch {
      this.#options.signal.throwIfAborted();
      return undefined;
    }
  }

  /** Repeats until it succeeds. @throws the last error if the time is over. */
  async #repeated<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() > deadline) throw error;
      }
      await sleep(pollMs, undefined, { signal });
    }
  }
}
