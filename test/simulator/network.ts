import type { Kernel } from './kernel.ts';

/** What may befall a message beyond the ordinary. */
export interface Fate {
  /** Over a connection of its own, so that a copy may come later: a request that was given up but still lay somewhere. */
  duplicates?: boolean;
}

/**
 * Who reaches whom. Places are nodes, operators and the API server; a cut has a direction. A message into a cut is lost, or
 * waits for the cut's end, as TCP sends again what was not acknowledged.
 */
export class Network {
  readonly #kernel: Kernel;
  readonly #cuts = new Map<string, number>();
  #held: { link: string; deliver: () => void }[] = [];
  /** Chance of a message to be late by seconds, and to be lost without a cut. */
  lateness = 0;
  loss = 0;
  /** Chance of a request to come twice. */
  duplicates = 0.02;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Nothing is cut, lost or late. */
  get isWell(): boolean {
    return this.#cuts.size === 0 && this.loss === 0 && this.lateness === 0;
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  cut(from: string, to: string): void {
    const link = `${from}>${to}`;
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1);
  }

  heal(from: string, to: string): void {
    const link = `${from}>${to}`;
    const left = (this.#cuts.get(link) ?? 0) - 1;
    if (left > 0) this.#cuts.set(link, left);
    else this.#release(link);
  }

  healAll(): void {
    this.lateness = 0;
    this.loss = 0;
    this.duplicates = 0;
    for (const link of [...this.#cuts.keys()]) this.#release(link);
  }

  /** @returns Whether it is on its way; false if it is surely lost. The sender does not know that. */
  send(from: string, to: string, deliver: () => void, fate: Fate = {}): boolean {
    const { random } = this.#kernel;
    if (this.loss > 0 && random.chance(this.loss)) return false;
    const link = `${from}>${to}`;
    if (this.#cuts.has(link)) return this.#hold(link, deliver);
    this.#travel(link, deliver, this.#delayMs());
    if (fate.duplicates === true && random.chance(this.duplicates)) {
      this.#travel(link, deliver, random.between(5, 3_000));
    }
    return true;
  }

  #delayMs(): number {
    const { random } = this.#kernel;
    if (this.lateness > 0 && random.chance(this.lateness)) return random.between(50, 4_000);
    return random.between(0.3, 2);
  }

  #travel(link: string, deliver: () => void, ms: number): void {
    this.#kernel.after(ms, () => {
      if (this.#cuts.has(link)) this.#hold(link, deliver);
      else deliver();
    });
  }

  #hold(link: string, deliver: () => void): boolean {
    if (this.#kernel.random.chance(0.5)) return false;
    this.#held.push({ link, deliver });
    return true;
  }

  #release(link: string): void {
    this.#cuts.delete(link);
    const released = this.#held.filter((held) => held.link === link);
    if (released.length === 0) return;
    this.#held = this.#held.filter((held) => held.link !== link);
    for (const { deliver } of released)
      this.#travel(link, deliver, this.#kernel.random.between(1, 400));
  }
}
