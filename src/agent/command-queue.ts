import { isDeepStrictEqual } from 'node:util';
import type { Rejection } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import type { Log } from '../lib/log.ts';
import type { Lease } from './lease.ts';
import { rejectionOf } from './rejection.ts';
import { type Acknowledged, type AnyOrder, type Self, checkEpoch } from './epoch-check.ts';
import type { EpochStore } from './epoch-store.ts';

export interface CommandQueueOptions {
  self: Self;
  /** What the member had acknowledged before the agent was started. */
  acknowledged: Acknowledged;
  /**
   * Two processes of a member never lead in the same epoch. Both could continue from the same data, and their writes would carry
   * the same term.
   */
  leadsOnce: boolean;
  epochStore: EpochStore;
  engine: ManagedEngine;
  /** Resolves when the engine can take orders. */
  started: Promise<void>;
  /** Undefined if a leader needs no lease. */
  lease: Lease | undefined;
  clock: Clock;
  log: Log;
  /** An order has been carried out, or has failed: earlier reports of the program are outdated. */
  onChange: () => void;
  /** An aborted order does not end within the time limit. The agent must end. */
  onStuck: () => void;
}

export type Outcome = { rejection: Rejection; message: string } | undefined;

interface Entry {
  given: AnyOrder;
  controller: AbortController;
  outcome: Promise<Outcome>;
}

/** How long an order may take to end after it was aborted. Milliseconds. */
const abortMs = 5_000;

/**
 * Gives the engine one order at a time. A newer order aborts the one in flight and waits for its end; an equal one joins it.
 * What the member must remember of an order is on disk before the engine acts.
 */
export class CommandQueue {
  readonly #options: CommandQueueOptions;
  /** Of the newest order that was accepted: from then on a lower epoch is rejected. */
  #accepted: Acknowledged;
  #stored: Acknowledged;
  /** What reports may state: a fence only once the engine has carried it out. */
  #reported: Acknowledged;
  #current: Entry | undefined;
  /** Last epoch in which an earlier process led, or was about to lead. */
  #ledBefore: number;
  #mayLead = false;
  #isClosed = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#accepted = options.acknowledged;
    this.#stored = options.acknowledged;
    this.#reported = options.acknowledged;
    this.#ledBefore = options.leadsOnce ? options.acknowledged.ledEpoch : 0;
  }

  /**
   * What the member has stored on disk and, for a fence, carried out. The operator takes the position of a report that names
   * the epoch of a fence as final.
   */
  get acknowledged(): Acknowledged {
    return this.#reported;
  }

  /** Epoch of the newest accepted order, which may not have been acknowledged yet. */
  get newestEpoch(): number {
    return this.#accepted.epoch;
  }

  /** Whether the member was ordered to lead and has not been made to stop since. */
  get mayLead(): boolean {
    return this.#mayLead;
  }

  /**
   * The routes call it for each order that arrives. May be called again with the same order.
   * Resolves when the order is carried out, or with the reason why not. Never rejects.
   *
   * @param grant grant of the lease, for a promotion
   */
  async submit(given: AnyOrder, grant?: string): Promise<Outcome> {
    const { self, lease } = this.#options;
    if (this.#isClosed) return { rejection: 'Failed', message: 'the member is being stopped' };
    const result = checkEpoch(this.#accepted, { ...self, ledBefore: this.#ledBefore }, given);
    if ('rejection' in result) return result;
    if (given.kind === 'promote' && lease !== undefined && !lease.isGood(grant)) {
      return {
        rejection: 'Failed',
        message:
          'a leader needs a lease: send the header haservice-lease with the newest nonce of this member',
      };
    }
    const previous = this.#current;
    if (previous !== undefined && isSame(previous.given, given)) {
      if (given.kind === 'promote' && grant !== undefined) lease?.grant(grant);
      return previous.outcome;
    }
    this.#accepted = result.acknowledged;
    const { kind, order } = given;
    this.#options.log.info({ kind, epoch: order.epoch, reason: order.reason }, 'order');
    const controller = new AbortController();
    const outcome = this.#carryOut(given, grant, result.acknowledged, controller.signal, previous);
    const entry: Entry = { given, controller, outcome };
    this.#current = entry;
    previous?.controller.abort(new Superseded(previous.given, given));
    const settled = await outcome;
    if (this.#current === entry) this.#current = undefined;
    return settled;
  }

  /** Called if the data in which the member led are lost. @throws HAError HA_ERR_STATE_FILE */
  async forgetLed(): Promise<void> {
    // A promotion in flight may be creating the data: the program reports Empty until they exist.
    if (this.#current?.given.kind === 'promote') return;
    if (this.#stored.ledEpoch === 0 && this.#accepted.ledEpoch === 0) return;
    this.#ledBefore = 0;
    this.#accepted = { ...this.#accepted, ledEpoch: 0 };
    await this.#store({ ...this.#stored, ledEpoch: 0 });
    this.#reported = { ...this.#reported, ledEpoch: 0 };
  }

  /** Takes no more orders and aborts the one in flight. Resolves when that one has ended. */
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
      return { rejection: rejectionOf(error), message };
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
    const { ledEpoch } = this.#reported;
    // Before the engine acts: a process that ends during its promotion may have led.
    if (given.kind === 'promote')
      this.#accepted = { ...this.#accepted, ledEpoch: acknowledged.epoch };
    // A full disk must not prevent a fence. But the order counts as acknowledged only once it is stored.
    const stored = this.#store({ ...acknowledged, ledEpoch: this.#accepted.ledEpoch });
    if (given.kind === 'promote' || given.kind === 'follow') {
      await stored;
      this.#reported = given.kind === 'promote' ? { ...this.#stored, ledEpoch } : this.#stored;
    } else {
      stored.catch(() => {});
    }
    signal.throwIfAborted();
    switch (given.kind) {
      case 'promote':
        lease?.begin(grant);
        this.#mayLead = true;
        await engine.promote(given.order, signal);
        this.#reported = this.#stored;
        return;
      case 'follow':
        await engine.follow(given.order, signal);
        break;
      case 'fence':
        await engine.fence(signal, given.order);
    }
    this.#mayLead = false;
    lease?.end();
    await stored;
    this.#reported = this.#stored;
  }

  async #store(acknowledged: Acknowledged): Promise<void> {
    if (isDeepStrictEqual(acknowledged, this.#stored)) return;
    await this.#options.epochStore.save(acknowledged);
    this.#stored = acknowledged;
  }

  /** The agent ends if the engine does not end an aborted order: no further order would be safe. */
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
    super(`superseded by a newer order: ${newer.kind} in epoch ${newer.order.epoch}`);
    const isStale = newer.order.epoch > old.order.epoch;
    this.outcome = { rejection: isStale ? 'StaleEpoch' : 'Failed', message: this.message };
  }
}

/** Ignores the reason, which is for people, and the nonce of the report that the operator had received last. */
function isSame(a: AnyOrder, b: AnyOrder): boolean {
  const ignored = { reason: '', nonce: '' };
  return (
    a.kind === b.kind && isDeepStrictEqual({ ...a.order, ...ignored }, { ...b.order, ...ignored })
  );
}
