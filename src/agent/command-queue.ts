import { isDeepStrictEqual } from 'node:util';
import type { Refusal } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import type { Log } from '../telemetry/log.ts';
import type { Lease } from './lease.ts';
import { rejectionOf } from './rejection.ts';
import { type Acknowledged, type AnyOrder, type Self, checkEpoch } from './epoch-check.ts';
import type { EpochStore } from './epoch-store.ts';

export interface CommandQueueOptions {
  self: Self;
  /** The orders that were acknowledged before the agent was started. */
  acknowledged: Acknowledged;
  /**
   * Two processes never lead in the same epoch. Both could continue from the same data, and what they write would carry the same
   * term.
   */
  leadsOnce: boolean;
  keep: EpochStore;
  engine: ManagedEngine;
  /** Resolves when the engine can be given orders. */
  started: Promise<void>;
  /** Where a leader needs one. */
  lease: Lease | undefined;
  clock: Clock;
  log: Log;
  /** An order has been carried out, or has failed: what was said of the program before is old. */
  onChange: () => void;
  /** An order that was aborted does not end. */
  onStuck: () => void;
}

export type Outcome = { refusal: Refusal; message: string } | undefined;

interface Entry {
  given: AnyOrder;
  controller: AbortController;
  outcome: Promise<Outcome>;
}

/** How long an order may take to end after it was aborted. Milliseconds. */
const abortMs = 5_000;

/**
 * Gives the engine one order at a time. A newer one aborts the one in flight and waits for its end; the same one again joins
 * it. An order is on disk before the engine acts.
 */
export class CommandQueue {
  readonly #options: CommandQueueOptions;
  /** The newest that was accepted: a lower epoch is refused from then on. */
  #accepted: Acknowledged;
  #kept: Acknowledged;
  /** What may be reported: a fence not before the engine has carried it out. */
  #told: Acknowledged;
  #current: Entry | undefined;
  /** Last epoch in which an earlier process led, or was about to. */
  #ledBefore: number;
  #mayLead = false;
  #isClosed = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#accepted = options.acknowledged;
    this.#kept = options.acknowledged;
    this.#told = options.acknowledged;
    this.#ledBefore = options.leadsOnce ? options.acknowledged.ledEpoch : 0;
  }

  /**
   * What it has surely written down, and, of a fence, brought about: if a report names the epoch of a fence, the operator takes
   * the position in that report for final.
   */
  get acknowledged(): Acknowledged {
    return this.#told;
  }

  /** That of the newest order, which may not have been acknowledged yet. */
  get newestEpoch(): number {
    return this.#accepted.epoch;
  }

  /** Whether it was ordered to lead, and has not surely ended to. */
  get mayLead(): boolean {
    return this.#mayLead;
  }

  /**
   * Resolves when the order is carried out, or with the reason why not.
   *
   * @param grant of the lease, for a promotion
   */
  async submit(given: AnyOrder, grant?: string): Promise<Outcome> {
    const { self, lease } = this.#options;
    if (this.#isClosed) return { refusal: 'Failed', message: 'the member is being stopped' };
    const verdict = checkEpoch(this.#accepted, { ...self, ledBefore: this.#ledBefore }, given);
    if ('refusal' in verdict) return verdict;
    if (given.kind === 'promote' && lease !== undefined && !lease.isGood(grant)) {
      return {
        refusal: 'Failed',
        message: 'it leads only on a lease: send the header haservice-lease with its newest nonce',
      };
    }
    const previous = this.#current;
    if (previous !== undefined && isSame(previous.given, given)) {
      if (given.kind === 'promote' && grant !== undefined) lease?.grant(grant);
      return previous.outcome;
    }
    this.#accepted = verdict.acknowledged;
    const { kind, order } = given;
    this.#options.log.info({ kind, epoch: order.epoch, reason: order.reason }, 'order');
    const controller = new AbortController();
    const outcome = this.#carryOut(given, grant, verdict.acknowledged, controller.signal, previous);
    const entry: Entry = { given, controller, outcome };
    this.#current = entry;
    previous?.controller.abort(new Superseded(previous.given, given));
    const settled = await outcome;
    if (this.#current === entry) this.#current = undefined;
    return settled;
  }

  /** The data in which it led are lost. @throws HAError HA_ERR_STATE_FILE */
  async forgetLed(): Promise<void> {
    // A promotion that is in flight may be creating the data: the program reports Empty until they are there.
    if (this.#current?.given.kind === 'promote') return;
    if (this.#kept.ledEpoch === 0 && this.#accepted.ledEpoch === 0) return;
    this.#ledBefore = 0;
    this.#accepted = { ...this.#accepted, ledEpoch: 0 };
    await this.#keep({ ...this.#kept, ledEpoch: 0 });
    this.#told = { ...this.#told, ledEpoch: 0 };
  }

  /** Takes no more orders, and aborts the one in flight. Resolves when that has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#current?.controller.abort();
    if (this.#current !== undefined) await this.#endOf(this.#current);
  }

  async #carryOut(
    given: AnyOrder,
    grant: string | undefined,
    acknowledged: Acknowledged,
    signal: AbortSignal,
    previous: Entry | undefined,
  ): Promise<Outcome> {
    const { log, started, onChange } = this.#options;
    const { kind, order } = given;
    try {
      if (previous !== undefined) await this.#endOf(previous);
      await started;
      signal.throwIfAborted();
      await this.#execute(given, grant, acknowledged, signal);
      log.info({ kind, epoch: order.epoch }, 'done');
      return undefined;
    } catch (error) {
      if (signal.reason instanceof Superseded) return signal.reason.outcome;
      log.error({ kind, epoch: order.epoch, error }, 'the order failed');
      const message = error instanceof Error ? error.message : String(error);
      return { refusal: rejectionOf(error), message };
    } finally {
      onChange();
    }
  }

  async #execute(
    given: AnyOrder,
    grant: string | undefined,
    acknowledged: Acknowledged,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, lease } = this.#options;
    const { ledEpoch } = this.#told;
    // Before it leads: a process that ends while it is promoted may have led.
    if (given.kind === 'promote')
      this.#accepted = { ...this.#accepted, ledEpoch: acknowledged.epoch };
    // A full disk must not keep anybody from being fenced. But the epoch is not acknowledged before it is written down.
    const kept = this.#keep({ ...acknowledged, ledEpoch: this.#accepted.ledEpoch });
    if (given.kind === 'promote' || given.kind === 'follow') {
      await kept;
      this.#told = given.kind === 'promote' ? { ...this.#kept, ledEpoch } : this.#kept;
    } else {
      kept.catch(() => {});
    }
    signal.throwIfAborted();
    switch (given.kind) {
      case 'promote':
        lease?.begin(grant);
        this.#mayLead = true;
        await engine.promote(given.order, signal);
        this.#told = this.#kept;
        return;
      case 'follow':
        await engine.follow(given.order, signal);
        break;
      case 'fence':
      case 'demote':
        await engine.fence(signal, given.order);
    }
    this.#mayLead = false;
    lease?.end();
    await kept;
    this.#told = this.#kept;
  }

  async #keep(acknowledged: Acknowledged): Promise<void> {
    if (isDeepStrictEqual(acknowledged, this.#kept)) return;
    await this.#options.keep.save(acknowledged);
    this.#kept = acknowledged;
  }

  /** An engine that does not let go of an order cannot be trusted with the next one. */
  async #endOf({ outcome }: Entry): Promise<void> {
    const { clock, onStuck } = this.#options;
    const cancel = clock.after(abortMs, onStuck);
    await outcome;
    cancel();
  }
}

/** Why an order was aborted. */
class Superseded extends Error {
  readonly outcome: NonNullable<Outcome>;

  constructor(old: AnyOrder, newer: AnyOrder) {
    super(`a newer order has come: ${newer.kind} in epoch ${newer.order.epoch}`);
    const isStale = newer.order.epoch > old.order.epoch;
    this.outcome = { refusal: isStale ? 'StaleEpoch' : 'Failed', message: this.message };
  }
}

/** But for the reason, which is for people, and the report that the operator had heard last. */
function isSame(a: AnyOrder, b: AnyOrder): boolean {
  const plain = { reason: '', nonce: '' };
  return a.kind === b.kind && isDeepStrictEqual({ ...a.order, ...plain }, { ...b.order, ...plain });
}
