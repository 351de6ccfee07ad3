import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isNotFound } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { events } from './resources.ts';
import type { Event } from './api-types.ts';

/** Longest note that the API server accepts. Bytes. */
const maxNoteBytes = 1_024;
/** How many Events may wait to be written; beyond that the oldest is dropped. */
const maxWaiting = 1_000;
/** How long a repeated Event increases the count of its series, before it is a new Event: client-go's value is 10 minutes. */
const seriesMs = 600_000;
/** Least time between two writes of the same series. */
const seriesWriteMs = 30_000;
const callMs = 5_000;
/**
 * How long Events wait before they are written: the work that they report has priority. In a failover they would take the
 * connection and the API server's time just when the Service must be repointed.
 */
const lingerMs = 200;

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  namespace: string;
  uid?: string;
}

export interface EventInput {
  type: 'Normal' | 'Warning';
  reason: string;
  action: string;
  note: string;
  related?: ObjectReference;
}

interface Series {
  name: string;
  namespace: string;
  count: number;
  firstAtMs: number;
  writtenAtMs: number;
}

export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  component: string;
  instance: string;
  log: Log;
}

/**
 * Writes Events (events.k8s.io/v1), one at a time, in the background. The controller calls `record` after each pass, with
 * Events that may repeat: these increase the count of a series. Never throws: an Event that cannot be written is logged and lost.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #writing: Promise<void> | undefined;
  #cancelLinger: (() => void) | undefined;
  #stop = new AbortController();
  #serial = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(regarding: ObjectReference, input: EventInput): void {
    const { clock } = this.#options;
    const nowMs = clock.wallNow();
    const note = cutBytes(input.note, maxNoteBytes);
    const id = JSON.stringify([regarding.uid, input.type, input.reason, note]);
    for (const [key, { firstAtMs }] of this.#series) {
      if (nowMs - firstAtMs > seriesMs) this.#series.delete(key);
    }
    const series = this.#series.get(id);
    if (series !== undefined) {
      series.count += 1;
      if (nowMs - series.writtenAtMs < seriesWriteMs) return;
      series.writtenAtMs = nowMs;
      this.#enqueue(() => this.#countUp(series, nowMs));
      return;
    }
    const { namespace } = regarding;
    const name = `${regarding.name}.${nowMs.toString(16)}${(this.#serial++ & 0xffff).toString(16)}`;
    this.#series.set(id, { name, namespace, count: 1, firstAtMs: nowMs, writtenAtMs: nowMs });
    this.#enqueue(() => this.#create(name, regarding, { ...input, note }, nowMs));
  }

  /** Writes the remaining Events, until the signal comes. The recorder must not be used afterwards. */
  async flush(signal: AbortSignal): Promise<void> {
    this.#cancelLinger?.();
    this.#writing ??= this.#drain();
    const stopped = new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', resolve, { once: true });
    });
    await Promise.race([this.#writing, stopped]);
    this.#stop.abort();
  }

  #enqueue(write: () => Promise<void>): void {
    if (this.#waiting.length >= maxWaiting) this.#waiting.shift();
    this.#waiting.push(write);
    if (this.#writing !== undefined) return;
    this.#cancelLinger ??= this.#options.clock.after(lingerMs, () => {
      this.#cancelLinger = undefined;
      this.#writing ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    for (let write = this.#waiting.shift(); write !== undefined; write = this.#waiting.shift()) {
      try {
        await write();
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#options.log.debug({ error }, 'an Event could not be written');
      }
    }
    this.#writing = undefined;
  }

  async #create(
    name: string,
    regarding: ObjectReference,
    { type, reason, action, note, related }: EventInput,
    nowMs: number,
  ): Promise<void> {
    const { client, component, instance } = this.#options;
    const event: Event = {
      apiVersion: events.apiVersion,
      kind: events.kind,
      metadata: { name, namespace: regarding.namespace },
      eventTime: micro(nowMs),
      reportingController: component,
      reportingInstance: instance,
      type,
      reason,
      action,
      note,
      regarding,
      ...(related === undefined ? {} : { related }),
    };
    await client.create(events, event, { signal: this.#stop.signal, timeoutMs: callMs });
  }

  async #countUp({ name, namespace, count }: Series, nowMs: number): Promise<void> {
    const { client } = this.#options;
    const patch = { series: { count, lastObservedTime: micro(nowMs) } };
    const options = { signal: this.#stop.signal, timeoutMs: callMs };
    try {
      await client.mergePatch(events, { namespace, name }, patch, options);
    } catch (error) {
      // Events expire after an hour by default, and users may delete them.
      if (!isNotFound(error)) throw error;
    }
  }
}

/** metav1.MicroTime. */
const micro = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');

function cutBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  // Leaves out a character that was cut.
  return new TextDecoder().decode(encoded.subarray(0, bytes - 3)).replace(/\uFFFD+$/, '') + '...';
}
