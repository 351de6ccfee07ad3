import { memberReportSchema } from '../protocol/member-protocol.ts';
import type { Ending, EngineReport, ManagedEngine } from '../engines/managed-engine.ts';
import type { Acknowledged, AnyOrder } from './epoch-check.ts';
import type { Clock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { EpochStore } from './epoch-store.ts';
import { PasswordFile } from './password-file.ts';

/** An engine whose answers a test controls. */
export class FakeEngine implements ManagedEngine {
  /** Calls, in order: `promote 3`, `aborted promote 3`, `kill`. */
  readonly told: string[] = [];
  readonly ended: Promise<Ending>;
  end: (ending: Ending) => void = () => {};
  state: EngineReport['state'] = 'Detached';
  pid = 4711;
  hasStarted = false;
  givenUp = 0;
  /** Reports, or orders, that wait until the test releases them. */
  readonly heldReports: (() => void)[] = [];
  readonly heldOrders: (() => void)[] = [];
  holdsReports = false;
  holdsOrders = false;
  /** Does not end an order that is aborted. */
  ignoresAbort = false;
  failure: Error | undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  start(): Promise<void> {
    this.hasStarted = true;
    return Promise.resolve();
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const { state } = this;
    if (this.holdsReports) {
      signal.addEventListener('abort', () => this.givenUp++);
      await held(this.heldReports, signal);
    }
    if (this.failure !== undefined) throw this.failure;
    return { state };
  }

  async promote(order: { epoch: number }, signal: AbortSignal): Promise<void> {
    await this.#execute(`promote ${order.epoch}`, 'Leading', signal);
  }

  async follow(order: { epoch: number }, signal: AbortSignal): Promise<void> {
    await this.#execute(`follow ${order.epoch}`, 'Following', signal);
  }

  async fence(signal: AbortSignal, order: { epoch: number }): Promise<void> {
    await this.#execute(`fence ${order.epoch}`, 'Detached', signal);
  }

  stop(): Promise<void> {
    this.told.push('stop');
    return Promise.resolve();
  }

  kill(): void {
    this.told.push('kill');
  }

  async #execute(what: string, state: EngineReport['state'], signal: AbortSignal): Promise<void> {
    this.told.push(what);
    if (this.holdsOrders) {
      try {
        await held(this.heldOrders, this.ignoresAbort ? new AbortController().signal : signal);
      } catch (error) {
        this.told.push(`aborted ${what}`);
        throw error;
      }
    }
    if (this.failure !== undefined) throw this.failure;
    this.state = state;
  }
}

function held(list: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    list.push(resolve);
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

/** Stores what was acknowledged in memory, and logs each save. */
export class FakeEpochStore implements EpochStore {
  readonly saved: Acknowledged[] = [];
  failure: Error | undefined;
  readonly #log: string[];

  constructor(log: string[] = []) {
    this.#log = log;
  }

  save(acknowledged: Acknowledged): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.saved.push(acknowledged);
    this.#log.push(`save ${acknowledged.epoch}`);
    return Promise.resolve();
  }
}

export const promote = (epoch: number, more: object = {}): AnyOrder => ({
  kind: 'promote',
  order: { member: 'web-0', epoch, reason: '', init: false, ...more },
});
export const follow = (epoch: number, member = 'web-1'): AnyOrder => ({
  kind: 'follow',
  order: { member: 'web-0', epoch, reason: '', leader: { member, host: '10.0.0.2', port: 80 } },
});
export const fence = (epoch: number, more: object = {}): AnyOrder => ({
  kind: 'fence',
  order: { member: 'web-0', epoch, reason: '', ...more },
});

/** The answer of a member, checked against the schema. */
export const reportOf = (body: unknown) => memberReportSchema.parse(body);

/** The password of a Secret that is mounted in a folder. */
export const passwordIn = (
  folder: string,
  clock: Clock,
  faultOf: (password: string) => string | undefined = () => undefined,
): PasswordFile =>
  new PasswordFile({
    secret: { name: 'db', key: 'pass' },
    ...{ service: 'web', faultOf, clock, log: silentLog, folder },
  });
