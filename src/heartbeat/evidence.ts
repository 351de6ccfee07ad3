import type { Clock } from '../lib/clock.ts';
import type { ProbeEvent } from '../member-client/probe.ts';

interface Entry {
  wallMs: number;
  text: string;
  count: number;
}

const kept = 4;

/** The last events of a member since it was healthy, in one line for a person. */
export class Evidence {
  readonly #clock: Clock;
  #answeredAt: number | undefined;
  #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(event: ProbeEvent): void {
    const wallMs = this.#clock.wallNow();
    if (event.type === 'answer') {
      this.#answeredAt = wallMs;
      return;
    }
    const text = describe(event);
    const last = this.#entries.at(-1);
    if (last?.text === text) last.count++;
    else this.#entries = [...this.#entries.slice(1 - kept), { wallMs, text, count: 1 }];
  }

  /** The member is healthy again. */
  clear(): void {
    if (this.#entries.length > 0) this.#entries = [];
  }

  last(): string | undefined {
    return this.#entries.at(-1)?.text;
  }

  text(): string {
    const parts = this.#entries.map(
      ({ wallMs, text, count }) => `${text} at ${timeOfDay(wallMs)}${repeated(count - 1)}`,
    );
    if (this.#answeredAt === undefined) parts.unshift('never answered well');
    else parts.unshift(`last good answer at ${timeOfDay(this.#answeredAt)}`);
    return parts.join(', ');
  }
}

function describe(event: Exclude<ProbeEvent, { type: 'answer' }>): string {
  switch (event.type) {
    case 'badAnswer':
      return event.message;
    case 'refused':
      return 'connection refused';
    case 'closed':
      return `connection ended (${event.message})`;
    case 'unreachable':
      return `unreachable (${event.message})`;
    case 'fault':
      return `not asked (${event.message})`;
  }
}

const timeOfDay = (wallMs: number) => new Date(wallMs).toISOString().slice(11);

function repeated(times: number): string {
  if (times === 0) return '';
  return times === 1 ? ' and once after' : ` and ${times} times after`;
}
