import type { Entry } from './volume.ts';

/** Stands for every epoch of a resource that was deleted. */
export const formerEpoch = -1;

/** Of one leader, in one epoch. */
export interface Reign {
  epoch: number;
  uid: string;
  log: Entry[];
  firstAckMs: number | undefined;
}

interface FormerReign extends Reign {
  /** Whether what it acknowledges was promised to be kept. */
  isPromised: boolean;
}

/** The reigns of resources that were deleted before: their processes may run on for a while. */
export class FormerReigns {
  readonly #all: FormerReign[] = [];
  /** What leaders of the last such resource acknowledged in this epoch and later ones is promised to be kept; undefined: nothing is. */
  #promisedFrom: number | undefined;

  /** The resource of these reigns is deleted. @param promisedFrom formerEpoch: all of them are promised to be kept */
  end(reigns: Iterable<Reign>, promisedFrom: number | undefined): void {
    this.#promisedFrom = promisedFrom;
    for (const reign of reigns) this.add(reign);
  }

  add(reign: Reign): void {
    const from = this.#promisedFrom;
    this.#all.push({ ...reign, isPromised: from !== undefined && reign.epoch >= from });
  }

  find(uid: string, epoch: number): FormerReign | undefined {
    return this.#all.find((each) => each.uid === uid && each.epoch === epoch);
  }
}
