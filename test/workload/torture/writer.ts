import type { Connection } from '../client/report.ts';
import { type Beat, runDue } from '../client/schedule.ts';
import { machineMs } from './clock.ts';
import type { Operation } from './operation.ts';
import { type Database, Refused, type Session } from './session.ts';

export interface WriterOptions {
  /** Name of the client. */
  client: string;
  /** All clients of the run, whose numbers are read. */
  clients: string[];
  /** Interval of operations on the kept connection, and on new ones. Milliseconds. */
  keptMs: number;
  newMs: number;
  /** After how long an operation is abandoned. Milliseconds. */
  timeoutMs: number;
  /** Every n-th operation is a read; 0: none is. */
  readEvery: number;
}

/** How many new connections may be in progress: a database has a limit, which other clients need, too. */
const mostNew = 20;

/**
 * A client: writes its next number at a fixed rate, each number once, and sometimes reads all numbers. On the kept connection one
 * operation follows the other, and a failure is followed by a new connection; operations on new connections wait for nothing. The
 * history is in memory: faults would disturb a reader of the log.
 */
export class Writer {
  readonly operations: Operation[] = [];
  readonly #options: WriterOptions;
  readonly #database: Database;
  readonly #pending = new Set<Promise<void>>();
  readonly #turns: Record<Connection, number> = { kept: 0, new: 0 };
  #kept: Session | undefined;
  #keptIsBusy = false;
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WriterOptions, database: Database) {
    this.#options = options;
    this.#database = database;
  }

  start(): void {
    const { keptMs, newMs } = this.#options;
    const now = machineMs();
    const beats: [Beat, number][] = [
      [{ nextAt: now, act: () => this.#onKept() }, keptMs],
      [{ nextAt: now + keptMs / 2, act: () => this.#onNew() }, newMs],
    ];
    const tick = () => {
      const nextAt = Math.min(...beats.map(([beat, every]) => runDue([beat], every, machineMs())));
      this.#timer = setTimeout(tick, Math.max(0, nextAt - machineMs()));
    };
    tick();
  }

  /** Resolves when no operation is in progress. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#pending);
    this.#kept?.close();
    this.#kept = undefined;
  }

  #onKept(): void {
    if (this.#keptIsBusy) return;
    this.#keptIsBusy = true;
    void this.#do('kept', async (signal) => (this.#kept ??= await this.#database.connect(signal)))
      .then((session) => (this.#kept = session))
      .finally(() => (this.#keptIsBusy = false));
  }

  #onNew(): void {
    if (this.#pending.size > mostNew) return;
    void this.#do('new', (signal) => this.#database.connect(signal)).then((session) =>
      session?.close(),
    );
  }

  /** Never rejects. @returns the connection if it can still be used. */
  #do(k: Connection, connect: (signal: AbortSignal) => Promise<Session>) {
    const { readEvery, timeoutMs } = this.#options;
    const turn = (this.#turns[k] += 1);
    const isRead = readEvery > 0 && turn % readEvery === 0;
    const n = isRead ? undefined : (this.#number += 1);
    const signal = AbortSignal.timeout(timeoutMs);
    const done = this.#attempt(k, n, connect, signal);
    const settled = done.then(() => {});
    this.#pending.add(settled);
    void settled.then(() => this.#pending.delete(settled));
    return done;
  }

  async #attempt(
    k: Connection,
    n: number | undefined,
    connect: (signal: AbortSignal) => Promise<Session>,
    signal: AbortSignal,
  ): Promise<Session | undefined> {
    const { client, clients } = this.#options;
    const sent = machineMs();
    let session: Session | undefined;
    let seen: Operation['seen'];
    const late = () => session?.close();
    let failure: Error | undefined;
    signal.addEventListener('abort', late, { once: true });
    try {
      session = await connect(signal);
      signal.throwIfAborted();
      if (n === undefined) seen = await session.read(clients);
      else await session.write(client, n);
    } catch (error) {
      failure = error as Error;
    } finally {
      signal.removeEventListener('abort', late);
    }
    // Without a connection nothing was sent.
    const isRefused = session === undefined || failure instanceof Refused;
    const answeredBy = session?.answeredBy ?? '';
    this.operations.push({
      k,
      ...(n === undefined ? { seen: seen ?? {} } : { n }),
      t: [sent, machineMs()],
      outcome: failure === undefined ? 'ok' : isRefused ? 'failed' : 'unknown',
      ...(answeredBy === '' ? {} : { answeredBy }),
      ...(failure === undefined ? {} : { e: signal.aborted ? 'timeout' : nameOf(failure) }),
    });
    if (failure === undefined) return session;
    session?.close();
    return undefined;
  }
}

const nameOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message;
