import type { Lease } from '../../kube/api-types.ts';
import { addressAnnotation, holderOf } from './lease-record.ts';

/**
 * Keeps a connection to an address, and calls back once, later, if nothing listens there any more: see watch-end.ts.
 *
 * @returns what ends that.
 */
export type WatchEnd = (address: string, onEnd: () => void) => () => void;

/** Looks for the end of the process that holds the Lease. */
export class HolderEnd {
  readonly #watchEnd: WatchEnd | undefined;
  #watched: { holder: string; cancel: () => void } | undefined;

  constructor(watchEnd: WatchEnd | undefined) {
    this.#watchEnd = watchEnd;
  }

  /** The Lease as it is now. `onEnd` is called with its holder, once, later, if that has ended. */
  follow(lease: Lease | undefined, onEnd: (holder: string) => void): void {
    const holder = lease && holderOf(lease);
    if (holder === this.#watched?.holder) return;
    this.close();
    const address = lease?.metadata?.annotations?.[addressAnnotation];
    if (holder === undefined || address === undefined || this.#watchEnd === undefined) return;
    this.#watched = { holder, cancel: this.#watchEnd(address, () => onEnd(holder)) };
  }

  close(): void {
    this.#watched?.cancel();
    this.#watched = undefined;
  }
}
